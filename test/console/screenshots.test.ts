import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { browserSkipReason } from "../support/real-parts/browser.js";

const SCRIPT = new URL("./take-screenshots.ts", import.meta.url).pathname;
const DOCS = new URL("../../docs/", import.meta.url);
const NAMES = ["console-light.png", "console-dark.png"];
const folder = mkdtempSync(join(tmpdir(), "rollcall-shots-"));
after(() => rmSync(folder, { recursive: true }));

/** Width and height of a PNG (its IHDR), and its bytes. */
function measure(file: string): { width: number; height: number; bytes: number } {
  const png = readFileSync(file);
  assert.equal(png.toString("latin1", 1, 4), "PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), bytes: png.length };
}

test("the script that takes the screenshots of docs/ still takes them, as large as those that are there", {
  skip: browserSkipReason(),
}, async () => {
  const child = spawn(process.execPath, ["--import", "tsx", SCRIPT, folder], { stdio: "inherit" });
  const limit = setTimeout(() => child.kill("SIGKILL"), 300_000);
  const [code] = await once(child, "exit");
  clearTimeout(limit);
  assert.equal(code, 0);
  const page = readFileSync(new URL("console.md", DOCS), "utf8");
  for (const name of NAMES) {
    const [fresh, shown] = [measure(join(folder, name)), measure(new URL(`images/${name}`, DOCS).pathname)];
    assert.deepEqual([fresh.width, fresh.height], [shown.width, shown.height], name);
    for (const { bytes } of [fresh, shown]) assert.ok(bytes > 30_000 && bytes < 150_000, `${name}: ${bytes} bytes`);
    assert.ok(page.includes(`images/${name}`), `docs/console.md shows ${name}`);
  }
});
