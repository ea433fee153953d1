import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createClient } from "../../../src/grpc/client/client.js";
import { EchoClient, say } from "../../support/echo.js";
import { type InstanceProcess, startInstance } from "../../support/programs/instance-process.js";

const open: InstanceProcess[] = [];
after(() => Promise.all(open.map(({ end }) => end("SIGKILL"))));

const CALLS = 1_500;
const AT_A_TIME = 6;
/** Of exponential service times about as real handlers have them. */
const serviceMs = () => Math.ceil(-10 * Math.log(1 - Math.random()));

/** Makes the calls. @returns their latencies, sorted, and how many failed. */
async function traffic(client: EchoClient): Promise<{ p99: number; failed: number }> {
  const latencies: number[] = [];
  let [left, failed] = [CALLS, 0];
  const one = async () => {
    while (left-- > 0) {
      const start = performance.now();
      await say(client, { delayMs: serviceMs() }).catch(() => (failed += 1));
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
  latencies.sort((a, b) => a - b);
  return { p99: latencies[Math.floor(latencies.length * 0.99)]!, failed };
}

test("one of three processes freezes (SIGSTOP) with hedging on: no call fails, and p99 stays under twice the healthy one", async () => {
  for (let i = 0; i < 3; i++) {
    open.push(await startInstance("Name: echo\nListenOn: 127.0.0.1:0\nMode: test\n"));
  }
  const client = createClient(EchoClient, {
    Endpoints: open.map(({ address }) => address),
    Hedge: {},
    Timeout: 20_000,
  });
  try {
    await traffic(client);
    const healthy = await traffic(client);
    open[0]!.process.kill("SIGSTOP");
    const frozen = await traffic(client);
    assert.equal(frozen.failed, 0, "calls that failed");
    assert.ok(frozen.p99 < 2 * healthy.p99, `p99 ${frozen.p99.toFixed(1)} ms, healthy ${healthy.p99.toFixed(1)} ms`);
  } finally {
    open[0]!.process.kill("SIGCONT");
    client.close();
  }
});
