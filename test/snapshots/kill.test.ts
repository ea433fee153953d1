import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "esbuild";
import { Snapshots } from "../../src/discovery/snapshots.js";
import { setLogger, setLogLevel } from "../../src/log.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-kill-"));
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
  for (let kill = 0; kill < KILLS; kill++) {
    // Every second one may be killed before there is a snapshot, the others write over one.
    const first = kill % 2 === 0;
    const dir = join(folder, `snapshots-${first ? kill : 1}`);
    const child = spawn(process.execPath, [program, bundle, dir], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface(child.stdout);
    for await (const line of lines) if (line === (first ? "writing" : "written")) break;
    await pause(Math.random() * 15);
    child.kill("SIGKILL");
    await once(child, "exit");
    const known = await new Snapshots({ dir }).read(target);
    if (first && !known) continue;
    assert.equal(known?.instances.length, 200);
    const nets = new Set(known.instances.map(({ instance }) => instance.address.split(".")[2]));
    assert.equal(nets.size, 1, "one set, not parts of two");
  }
  assert.deepEqual(complaints, []);
});
