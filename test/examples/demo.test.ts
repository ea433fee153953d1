import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { endOf } from "./example.js";

test("the demo tells of a join, a stop, a crash and a slow instance, and loses calls to the crash only", async (t) => {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/demo/main.ts"]);
  t.after(() => child.kill("SIGKILL"));
  const { status, stdout, stderr } = await endOf(child);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /D joins\n.* was listed, and \d+ ms later it had its first call/);
  assert.match(stdout, /A gets SIGTERM\n.* ended after [\d.]+ s with status 0\n.* calls, 0 failed/);
  assert.match(stdout, /B gets SIGKILL\n.*(lost with it|none was lost)/);
  assert.match(stdout, /C turns slow/);
  const shares = /its share of the calls went from ([\d.]+) % to ([\d.]+) %/.exec(stdout)!;
  assert.ok(Number(shares[2]) < Number(shares[1]), shares[0]);
  assert.match(stdout, /, 0 lost to anything else;/);
  assert.equal(stdout.includes("\x1b"), false, "no terminal, no table");
});
