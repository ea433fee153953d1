import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, test } from "node:test";
import { interopSkipReason } from "../../support/real-parts/gozero.js";
import { byClientGo, here } from "./access.js";
import { cases, PLUGIN } from "./cases.js";

const skip = interopSkipReason();
const folder = mkdtempSync(join(tmpdir(), "rollcall-kubectl-"));
after(() => rmSync(folder, { recursive: true }));

for (const [number, [what, { files, kubeconfig, context }]] of Object.entries(cases).entries()) {
  test(`kubectl and Rollcall make the same of ${what}`, { skip }, async (t) => {
    const at = join(folder, String(number));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(at, name)), { recursive: true });
      writeFileSync(join(at, name), typeof text === "string" ? text : JSON.stringify(text));
      if (text === PLUGIN) chmodSync(join(at, name), 0o755);
    }
    const path = process.env.PATH;
    process.env.PATH = `${join(at, "path")}${delimiter}${path}`;
    t.after(() => {
      process.env.PATH = path;
    });
    const names = kubeconfig.map((name) => (name === "" ? "" : join(at, name))).join(delimiter);
    const [theirs, ours] = [await byClientGo(names, context), await here(names, context)];
    if ("error" in theirs)
      assert.ok("error" in ours, `kubectl refuses: ${theirs.error}; read here: ${JSON.stringify(ours)}`);
    else assert.deepEqual(ours, theirs);
  });
}
