import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { Examples } from "../examples/example.js";
import { EightCallers, grpcCaller, httpCaller, nestCaller, niceCaller } from "../support/programs/callers.js";
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

/** Starts an instance; resolves once it is listed. It answers with its process's number. */
async function start(recipe: string): Promise<ChildProcess> {
  const child = examples.start(`${recipe}.ts`, {
    PORT: "0",
    POD_IP: "127.0.0.1",
    ROLLCALL_LOG_LEVEL: "info",
  });
  const said: string[] = [];
  child.stderr!.setEncoding("utf8").on("data", (text) => said.push(text));
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`${recipe} ended with ${child.exitCode}:\n${said.join("")}`);
      return said.join("").includes('"msg":"registered ');
    },
    `${recipe} is listed`,
    60_000,
  );
  return child;
}

async function terminate(child: ChildProcess): Promise<number | string> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code, signal] = await ended;
  return code ?? signal;
}

for (const [recipe, key, caller] of [
  ["any-server/http", "order.http", httpCaller],
  ["any-server/fastify", "order.http", httpCaller],
  ["any-server/grpc-js", "order.rpc", grpcCaller],
  ["any-server/nice-grpc", "order.rpc", niceCaller],
  ["any-server/connect", "order.rpc", grpcCaller],
  ["nestjs/order", "order.rpc", nestCaller],
] as const) {
  test(`${recipe}: each instance is called, a rolling restart loses no call, and SIGTERM ends it`, async (t) => {
    const fleet = await Promise.all([start(recipe), start(recipe)]);
    const callers = new EightCallers(caller(registry.endpoint, key));
    const endings: (number | string)[] = [];
    for (const old of [...fleet]) {
      await callers.reach(old.pid);
      fleet.push(await start(recipe));
      endings.push(await terminate(old));
    }
    await callers.reach(fleet.at(-1)!.pid);
    await callers.end();
    t.diagnostic(`${recipe}: ${callers.calls} calls, ${callers.failed.length} failed, over 2 restarts`);
    endings.push(...(await Promise.all(fleet.slice(2).map(terminate))));
    assert.deepEqual(callers.failed, []);
    // Nest ends its process by the signal, once its hooks have run.
    assert.deepEqual(endings, Array(4).fill(recipe.startsWith("nestjs") ? "SIGTERM" : 0));
    assert.deepEqual([...registry.list(`${key}/`).values()], []);
    assert.equal(callers.answered.size, 4);
  });
}

test("nice-grpc's client calls on a channel, and by URL alone", async () => {
  const server = await start("any-server/grpc-js");
  const { status, stdout, stderr } = await examples.run("any-server/nice-grpc-client.ts");
  await terminate(server);
  assert.equal(status, 0, stderr);
  assert.equal(stdout.match(new RegExp(`servedBy: '${server.pid}'`, "g"))?.length, 2);
});
