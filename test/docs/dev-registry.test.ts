import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { type DevRegistryOptions, type Faults, startDevRegistry } from "../../src/dev-registry/index.js";

const page = readFileSync(new URL("../../docs/dev-registry.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block!);

test("the program of docs/dev-registry.md runs as it stands, with its faults, and ends by itself", async (t) => {
  const [program = "", faults = ""] = blocks;
  const list = /^registry\.list\((.*?)\);.*$/m;
  const whole = program
    .replace(list, (line) => `${line}\nconsole.log([...registry.list("order.rpc/").values()].join());`)
    .replace("await server.stop();", `${faults}await server.stop();`);
  assert.match(whole, /console\.log.*failNext.*server\.stop/s);
  mkdirSync(".cache", { recursive: true });
  // Inside the checkout, where its node_modules and tsconfig.json are found.
  const folder = mkdtempSync(join(".cache", "dev-registry-page-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "page.ts"), whole);
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", join(folder, "page.ts")], {
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "silent" },
    timeout: 60_000,
  });
  assert.match(stdout, /^127\.0\.0\.1:\d+\n$/);
});

test("docs/dev-registry.md has every option and every fault, and no other", async (t) => {
  const cells = [...page.matchAll(/^\| (`.*?) \| /gm)].map(([, cell]) => cell!);
  const options: Required<{ [K in keyof DevRegistryOptions]: true }> = {
    host: true,
    port: true,
    credentials: true,
    minLeaseTtl: true,
    progressNotifyIntervalMs: true,
    keptRevisions: true,
  };
  assert.deepEqual(
    cells.flatMap((cell) => /^`(\w+)`$/.exec(cell)?.[1] ?? []),
    Object.keys(options),
  );
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  const called = (cell: string) => [...cell.matchAll(/(\w+)\(/g)].map(([, name]) => name as keyof Faults);
  assert.deepEqual(new Set(cells.flatMap(called)), new Set(Object.keys(registry.faults)));
});
