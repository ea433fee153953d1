import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { TYPESCRIPT } from "../support/typescript.js";
import { disconnected, EchoFleet } from "./echo-fleet.js";

/** Gives a command a hosts file of its own: the first argument, in a mount namespace of the command's own. */
const WITH_HOSTS = ["-rm", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"'];
const PROGRAM = new URL("./calling-program.ts", import.meta.url).pathname;

const allowed = spawnSync("unshare", [...WITH_HOSTS, "/etc/hosts", "true"]).status === 0;
const skip = allowed ? false : "no process may have a hosts file of its own here (unshare, mount)";

test("a host name among Endpoints is followed when its address changes, and no call is lost", { skip }, async (t) => {
  const fleet = await EchoFleet.start(3);
  t.after(() => fleet.stop());
  const folder = mkdtempSync(join(tmpdir(), "rollcall-hosts-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "hosts");
  const moveTo = (ip: string) => writeFileSync(file, `${ip} order-rpc-0.order-rpc-svc.default\n`);

  moveTo(fleet.ips[0]!);
  const endpoint = `order-rpc-0.order-rpc-svc.default:${fleet.port}`;
  const command = [process.execPath, ...TYPESCRIPT, PROGRAM, endpoint];
  const child = spawn("unshare", [...WITH_HOSTS, file, ...command], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  t.after(() => child.kill("SIGKILL"));

  const answers: string[] = [];
  let moves = 0;
  for await (const answer of createInterface(child.stdout)) {
    if (answer !== answers.at(-1)) answers.push(answer);
    if (answer !== fleet.ips[moves]) continue;
    moves += 1;
    if (moves < fleet.ips.length) moveTo(fleet.ips[moves]!);
    else child.stdin.end();
  }
  assert.deepEqual(await exited, [0, null]);
  assert.deepEqual(answers, fleet.ips);
  for (const instance of fleet.instances) {
    assert.equal(instance.connections, 1);
    await disconnected(instance);
  }
});
