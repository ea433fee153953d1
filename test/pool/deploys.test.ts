// Rolling restarts and sudden deaths under load, for every client that stands on the pool. Servers are the recipes of
// docs/servers.md, in processes of their own.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { Agent } from "undici";
import { Order } from "../../examples/order/order-schema.js";
import { createRollcallTransport } from "../../src/connect/index.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { createPool } from "../../src/pool/index.js";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { Examples } from "../examples/example.js";
import { until } from "../support/until.js";

/** What makes one call, and tells the process that answered it. */
interface Caller {
  call(): Promise<string>;
  close(): Promise<void>;
}

const CALLERS = 8;
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

const target = (key: string) => `etcd:///${registry.endpoint}?key=${key}`;

function fetchCaller(): Caller {
  const interceptor = rollcallInterceptor(target("order.http"));
  const agent = new Agent();
  const dispatcher = agent.compose(interceptor) as object;
  return {
    call: async () => {
      const answer = await fetch("http://order.http/", { dispatcher } as object);
      assert.equal(answer.status, 200);
      return ((await answer.json()) as { servedBy: string }).servedBy;
    },
    close: async () => {
      await interceptor.close();
      await agent.destroy();
    },
  };
}

/** Plain node:http, a connection for each request. */
function poolCaller(): Caller {
  const pool = createPool(target("order.http"), { connect: (_instance, { address }) => address });
  const get = ({ host, port }: { host: string; port: number }) =>
    new Promise<string>((resolve, reject) => {
      const asked = request({ host, port, agent: false }, async (response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        resolve((JSON.parse(body) as { servedBy: string }).servedBy);
      });
      asked.on("error", reject).end();
    });
  return { call: () => pool.run(get), close: () => pool.close() };
}

function connectCaller(protocol: "connect" | "grpc" | "grpc-web"): Caller {
  const transport = createRollcallTransport({ target: target("order.rpc"), protocol });
  const client = createClient(Order, transport);
  return { call: async () => (await client.find({ id: "1" })).servedBy, close: () => transport.close() };
}

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
  ["connect", "connect", "order.rpc", () => connectCaller("connect")],
  ["grpc over Connect", "connect", "order.rpc", () => connectCaller("grpc")],
  ["grpc-web", "connect", "order.rpc", () => connectCaller("grpc-web")],
] as const) {
  test(`${name}: a rolling restart loses no call, a SIGKILL at most those under way`, async (t) => {
    const fleet: ChildProcess[] = [];
    for (let at = 0; at < 2; at++) fleet.push(await start(recipe, key));
    const { call, close } = caller();
    t.after(close);
    const answered = new Map<string, number>();
    const failed: string[] = [];
    let calling = true;
    const callers = Array.from({ length: CALLERS }, async () => {
      while (calling) {
        await call().then(
          (servedBy) => answered.set(servedBy, (answered.get(servedBy) ?? 0) + 1),
          (error: Error) => failed.push(`${error.message} ${error.cause ?? ""}`),
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const called = ({ pid }: ChildProcess) => {
      const before = answered.get(`${pid}`) ?? 0;
      return until(() => (answered.get(`${pid}`) ?? 0) > before + 20, `${pid} is called`);
    };
    try {
      for (const old of [...fleet]) {
        await called(old);
        fleet.push(await start(recipe, key));
        const ended = once(old, "exit");
        old.kill("SIGTERM");
        await ended;
      }
      const [left, killed] = fleet.slice(2) as [ChildProcess, ChildProcess];
      await Promise.all([called(left), called(killed)]);
      assert.deepEqual(failed, [], "the rolling restart");
      const calls = [...answered.values()].reduce((sum, count) => sum + count, 0);
      killed.kill("SIGKILL");
      await once(killed, "exit");
      await called(left);
      const lost = failed.length;
      await called(left);
      t.diagnostic(`${name}: ${calls} calls over 2 restarts, 0 failed; ${lost} lost to a SIGKILL`);
      assert.ok(lost <= CALLERS, failed.join("\n"));
      assert.equal(failed.length, lost, "nothing more fails");
      left.kill("SIGTERM");
      await once(left, "exit");
    } finally {
      calling = false;
    }
    await Promise.all(callers);
    // The killed one's lease has not run out yet; the next test starts from nobody.
    await until(() => registry.list(`${key}/`).size === 0, "nobody is listed", 60_000);
  });
}
