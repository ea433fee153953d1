import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { find, OrderClient } from "../../examples/order/order.js";
import { TYPESCRIPT } from "../support/typescript.js";

test("of two Nest applications in one process, the first to be done on SIGTERM does not cut off a call of the other", async (t) => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [...TYPESCRIPT, "test/nestjs/programs/two-applications.ts"], {
    env: { ...env, ROLLCALL_LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  let log = "";
  const leaving = new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      log += text;
      if (log.includes("stopping gracefully")) resolve();
    });
  });
  const [ports] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(() => assert.fail(`the applications ended: ${log}`)),
  ]);
  const client = new OrderClient(`127.0.0.1:${JSON.parse(ports)[1]}`, credentials.createInsecure());
  t.after(() => client.close());
  await find(client, "1");
  const call = find(client, "slow");
  // It is answered after the slow one has been taken up.
  await find(client, "2");
  child.kill("SIGTERM");
  await leaving;
  assert.equal((await call).id, "slow", log);
  assert.deepEqual(await exited, [null, "SIGTERM"]);
});
