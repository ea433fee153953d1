import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "esbuild";
import { Snapshots } from "../../src/discovery/snapshots.js";
import { setLogger, setLogLevel } from "../../src/log.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-kill-"));
const dir = join(folder, "snapshots");
after(() => rmSync(folder, { recursive: true, force: true }));

/** More of them by hand; CI has a budget. */
const KILLS = Number(process.env.SNAPSHOT_KILLS ?? 100);

test(`a writer killed ${KILLS} times at any moment never leaves an unreadable snapshot, nor half of a set`, async (t) => {
  const complaints: string[] = [];
  const note = (_facts: object, message: string) => void complaints.push(message);
  setLogger({ debug: () => {}, info: note, warn: note, error: note });
  t.after(() => setLogLevel("silent"));
  const bundle = join(folder, "snapshots.mjs");
  await build({
    entryPoints: ["src/discovery/snapshots.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: bundle,
  });
  const program = new URL("./writing-program.mjs", import.meta.url).pathname;
  const target = { scheme: "etcd", hosts: ["h:1"], service: "order", params: {} };
  let seen = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [program, bundle, dir], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await pause(Math.random() * 15);
    child.kill("SIGKILL");
    await once(child, "exit");
    const known = await new Snapshots({ dir }).read(target);
    if (!known) continue;
    seen += 1;
    assert.equal(known.instances.length, 200);
    const nets = new Set(known.instances.map(({ instance }) => instance.address.split(".")[2]));
    assert.equal(nets.size, 1, "one set, not parts of two");
  }
  assert.deepEqual(complaints, []);
  assert.ok(seen > KILLS / 2, `${seen} of ${KILLS} had written before they were killed`);
});
