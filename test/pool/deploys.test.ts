// Rolling restarts and sudden deaths under load, for every client that stands on the pool. Servers are the recipes of
// docs/servers.md, in processes of their own.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { Examples } from "../examples/example.js";
import { CALLERS, EightCallers } from "../support/programs/callers.js";
import { connectCaller, fetchCaller, poolCaller } from "../support/programs/callers-without-grpc.js";
import { until } from "../support/until.js";

let registry: DevRegistry;
let examples: Examples;
before(async () => {
  registry = await startDevRegistry();
  examples = new Examples(registry.endpoint);
});
after(async () => {
  examples.remove();
  await registry.close();
});

/** Starts an instance; resolves once it is listed. */
async function start(recipe: string, key: string): Promise<ChildProcess> {
  const before = registry.list(`${key}/`).size;
  const child = examples.start(`any-server/${recipe}.ts`, { PORT: "0", POD_IP: "127.0.0.1" });
  child.stderr!.resume();
  await until(() => registry.list(`${key}/`).size > before, `${recipe} is listed`, 60_000);
  return child;
}

for (const [name, recipe, key, caller] of [
  ["fetch", "http", "order.http", fetchCaller],
  ["a pool of plain requests", "http", "order.http", poolCaller],
  ["connect", "connect", "order.rpc", connectCaller("connect")],
  ["grpc over Connect", "connect", "order.rpc", connectCaller("grpc")],
  ["grpc-web", "connect", "order.rpc", connectCaller("grpc-web")],
] as const) {
  test(`${name}: a rolling restart loses no call, a SIGKILL at most those under way`, async (t) => {
    const fleet: ChildProcess[] = [];
    for (let at = 0; at < 2; at++) fleet.push(await start(recipe, key));
    const callers = new EightCallers(caller(registry.endpoint, key));
    try {
      for (const old of [...fleet]) {
        await callers.reach(old.pid);
        fleet.push(await start(recipe, key));
        const ended = once(old, "exit");
        old.kill("SIGTERM");
        await ended;
      }
      const [left, killed] = fleet.slice(2) as [ChildProcess, ChildProcess];
      await Promise.all([left, killed].map(({ pid }) => callers.reach(pid)));
      assert.deepEqual(callers.failed, [], "the rolling restart");
      const { calls } = callers;
      killed.kill("SIGKILL");
      await once(killed, "exit");
      await callers.reach(left.pid);
      const lost = callers.failed.length;
      await callers.reach(left.pid);
      t.diagnostic(`${name}: ${calls} calls over 2 restarts, 0 failed; ${lost} lost to a SIGKILL`);
      assert.ok(lost <= CALLERS, callers.failed.join("\n"));
      assert.equal(callers.failed.length, lost, "nothing more fails");
      left.kill("SIGTERM");
      await once(left, "exit");
    } finally {
      await callers.end();
    }
    // The killed one's lease has not run out yet; the next test starts from nobody.
    await until(() => registry.list(`${key}/`).size === 0, "nobody is listed", 60_000);
  });
}
