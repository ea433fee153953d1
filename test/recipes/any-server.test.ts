import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type FoundOrder, find, OrderClient } from "../../examples/order/order.js";
import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { createClient } from "../../src/grpc/client/client.js";
import { Examples } from "../examples/example.js";
import { until } from "../support/until.js";

/** What calls a recipe's instances, whichever are listed. */
interface Caller {
  call(): Promise<{ servedBy: string }>;
  close(): void;
}

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

function grpcCaller(): Caller {
  const client = createClient(OrderClient, { Etcd: { Hosts: [registry.endpoint], Key: "order.rpc" }, Timeout: 10_000 });
  return { call: (): Promise<FoundOrder> => find(client, "1"), close: () => client.close() };
}

/** The instances in turn, over connections that are kept alive, as fetch has them. */
function httpCaller(): Caller {
  const abort = new AbortController();
  let listed: string[] = [];
  let calls = 0;
  void (async () => {
    const discovery = new EtcdDiscovery({ hosts: [registry.endpoint] });
    for await (const set of discovery.watch("order.http", abort)) listed = set.map(({ address }) => address);
  })();
  return {
    async call() {
      await until(() => listed.length > 0, "somebody is listed");
      calls += 1;
      const answer = await fetch(`http://${listed[calls % listed.length]}/`);
      assert.equal(answer.status, 200);
      return (await answer.json()) as { servedBy: string };
    },
    close: () => abort.abort(),
  };
}

/** Starts an instance; resolves once it is listed. It answers with its process's number. */
async function start(recipe: string, key: string): Promise<ChildProcess> {
  const before = registry.list(`${key}/`).size;
  const child = examples.start(`any-server/${recipe}.ts`, { PORT: "0", POD_IP: "127.0.0.1" });
  const said: string[] = [];
  child.stderr!.setEncoding("utf8").on("data", (text) => said.push(text));
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`${recipe} ended with ${child.exitCode}:\n${said.join("")}`);
      return registry.list(`${key}/`).size > before;
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
  ["http", "order.http", httpCaller],
  ["grpc-js", "order.rpc", grpcCaller],
  ["nice-grpc", "order.rpc", grpcCaller],
  ["connect", "order.rpc", grpcCaller],
] as const) {
  test(`${recipe}: each instance is called, a rolling restart loses no call, and SIGTERM ends with 0`, async (t) => {
    const fleet: ChildProcess[] = [];
    for (let at = 0; at < 2; at++) fleet.push(await start(recipe, key));
    const { call, close } = caller();
    t.after(close);
    const answered = new Map<string, number>();
    const failed: string[] = [];
    let calling = true;
    const callers = Array.from({ length: 8 }, async () => {
      while (calling) {
        await call().then(
          ({ servedBy }) => answered.set(servedBy, (answered.get(servedBy) ?? 0) + 1),
          (error: Error) => failed.push(`${error.message} ${error.cause ?? ""}`),
        );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const called = ({ pid }: ChildProcess) => until(() => (answered.get(`${pid}`) ?? 0) > 20, `${pid} is called`);
    const statuses: (number | string)[] = [];
    for (const old of [...fleet]) {
      await called(old);
      fleet.push(await start(recipe, key));
      statuses.push(await terminate(old));
    }
    await called(fleet.at(-1)!);
    calling = false;
    await Promise.all(callers);
    const calls = [...answered.values()].reduce((sum, count) => sum + count, 0);
    t.diagnostic(`${recipe}: ${calls} calls, ${failed.length} failed, over 2 restarts`);
    for (const child of fleet.slice(2)) statuses.push(await terminate(child));
    assert.deepEqual(failed, []);
    assert.deepEqual(statuses, [0, 0, 0, 0]);
    assert.deepEqual([...registry.list(`${key}/`).values()], []);
    assert.equal(answered.size, 4);
  });
}

test("the recipes of docs/servers.md are the programs that are run", () => {
  const page = readFileSync("docs/servers.md", "utf8");
  const shown = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text]) => text!);
  assert.ok(shown.length >= 4);
  const programs = ["http", "grpc-js", "nice-grpc", "connect"].map((name) =>
    readFileSync(`examples/any-server/${name}.ts`, "utf8"),
  );
  for (const block of shown)
    assert.ok(
      programs.some((program) => program.includes(block)),
      `no program has:\n${block}`,
    );
});
