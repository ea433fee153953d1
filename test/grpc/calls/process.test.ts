import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { HealthCheckResponse_ServingStatus as Status } from "../../../src/proto/health.js";
import { startBlackHole } from "../../support/network/black-hole.js";
import { startSwallowingPort } from "../../support/network/swallowing-port.js";
import { startHealthServer } from "../../support/real-parts/health-server.js";
import { TYPESCRIPT } from "../../support/typescript.js";

const PROGRAM = new URL("../programs/one-call.ts", import.meta.url).pathname;

function start(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, [...TYPESCRIPT, PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** Resolves with what the program printed and its exit status. */
async function outcome(child: ChildProcess): Promise<{ printed: string[]; status: number | null }> {
  let text = "";
  child.stdout!.on("data", (data) => {
    text += data;
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { printed: text.trim().split("\n"), status };
}

async function watchedServer(t: TestContext) {
  const server = await startHealthServer((call) => call.write({ status: Status.SERVING }));
  t.after(() => server.stop());
  return server;
}

test("a client that is never closed does not hold the process once no call runs, as with grpc-js alone", {
  timeout: 120_000,
}, async (t) => {
  const server = await watchedServer(t);
  // Some that never connect and one that does.
  const hole = await startBlackHole();
  t.after(() => hole.stop());
  const swallowing = await startSwallowingPort();
  t.after(() => swallowing.stop());
  for (const target of [
    `dns:${server.address}`,
    `direct:///${server.address}`,
    `direct:///${server.address},${hole.address}`,
    `direct:///${server.address},${swallowing.address}`,
  ]) {
    const { printed, status } = await outcome(start(t, target));
    assert.deepEqual([target, printed, status], [target, [server.address, "beforeExit"], 0]);
  }
  assert.equal(server.asked.length, 3, "its health was watched");
});

test("a call that runs holds the process, as with grpc-js alone", async (t) => {
  const server = await watchedServer(t);
  for (const target of [`dns:${server.address}`, `direct:///${server.address}`]) {
    const child = start(t, target, "stream");
    await once(child.stdout, "data");
    const exited = once(child, "exit").then(() => "ended");
    const timer = new Promise((resolve) => setTimeout(resolve, 1_000, "runs"));
    assert.equal(await Promise.race([exited, timer]), "runs", target);
  }
});
