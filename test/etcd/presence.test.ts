import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { listPresences, listRegistrations, type Present } from "../../src/backends/etcd/index.js";
import { createRollcallTransport } from "../../src/connect/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { createChannel, createServer, serveDevServer } from "../../src/index.js";
import { createPool } from "../../src/pool/index.js";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { until } from "../support/until.js";

const PROGRAM = new URL("./presence-program.ts", import.meta.url).pathname;

interface Registry {
  readonly endpoint: string;
  stop(): Promise<unknown>;
}

const REGISTRIES: readonly { name: string; skip: string | false; start(): Promise<Registry> }[] = [
  {
    name: "dev registry",
    skip: false,
    start: async () => {
      const registry = await startDevRegistry();
      return { endpoint: registry.endpoint, stop: () => registry.close() };
    },
  },
  { name: "etcd", skip: etcdSkipReason(), start: () => startEtcd() },
];

for (const { name, skip, start } of REGISTRIES) {
  suite(`presence: ${name}`, { skip }, () => {
    let registry: Registry;
    const call = (Key: string, Presence = true) =>
      createChannel({ Etcd: { Hosts: [registry.endpoint], Key, TTL: 2_000 }, Presence });
    const present = () => listPresences({ hosts: [registry.endpoint] });
    const isCalling = (calls: readonly string[], what: string) =>
      until(async () => (await present()).map((one) => one.calls.join()).join(";") === calls.join(), what);

    before(async () => {
      registry = await start();
    });
    after(() => registry?.stop());

    test("it names the services that are called as clients come and go, in one key, and goes with the last", async () => {
      const order = call("order.rpc");
      await isCalling(["order.rpc"], "the first client");
      const [first] = await present();
      const again = call("order.rpc");
      const user = call("user.rpc");
      await isCalling(["order.rpc", "user.rpc"], "two services");
      order.close();
      order.close();
      user.close();
      await isCalling(["order.rpc"], "one service less");
      const [last] = await present();
      assert.deepEqual([last!.id, last!.pid], [first!.id, process.pid]);
      again.close();
      await until(async () => (await present()).length === 0, "nobody");
    });

    test("without the setting nothing is written, and instances are not confused with presences", async () => {
      const silent = call("order.rpc", false);
      const loud = call("user.rpc");
      await isCalling(["user.rpc"], "the client with Presence alone");
      assert.deepEqual((await listRegistrations({ hosts: [registry.endpoint] })).registrations, []);
      silent.close();
      loud.close();
      await until(async () => (await present()).length === 0, "nobody");
    });

    test("pools, undici interceptors and Connect transports say it as well", async () => {
      const target = (key: string) => `etcd:///${registry.endpoint}?key=${key}`;
      const clients = [
        createPool(target("a.tcp"), { connect: () => "", presence: true }),
        rollcallInterceptor(target("b.http"), { presence: true }),
        createRollcallTransport({ target: target("c.rpc"), protocol: "connect", presence: true }),
      ];
      await isCalling(["a.tcp", "b.http", "c.rpc"], "all three");
      for (const client of clients) await client.close();
      await until(async () => (await present()).length === 0, "nobody");
    });

    test("it says what the process serves itself, and where its metrics are", async () => {
      const client = call("order.rpc");
      const server = createServer(
        { Name: "cart", ListenOn: "127.0.0.1:0", Etcd: { Hosts: [registry.endpoint], Key: "cart.rpc" } },
        () => {},
        { signals: false },
      );
      await server.start();
      const devServer = await serveDevServer({ Host: "127.0.0.1", Port: 0 });
      let found: Present | undefined;
      await until(async () => {
        [found] = await present();
        return found?.metrics.length === 1 && found.serves.length === 1;
      }, "what it serves");
      assert.equal(found!.name, "cart");
      assert.deepEqual(found!.serves, [{ service: "cart.rpc", address: server.address }]);
      assert.deepEqual(found!.metrics, [`http://127.0.0.1:${devServer.port}/metrics`]);
      await devServer.close();
      await server.stop();
      client.close();
      await until(async () => (await present()).length === 0, "nobody");
    });

    test("a process that is closed leaves nothing, one that ends by itself no longer than its lease", async () => {
      for (const what of ["close", "leave"]) {
        const child = spawn(process.execPath, [...TYPESCRIPT, PROGRAM, registry.endpoint, what, "a.rpc", "b.rpc"], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const limit = setTimeout(() => child.kill("SIGKILL"), 120_000);
        await once(child.stdout, "data");
        const [code] = await once(child, "close");
        clearTimeout(limit);
        assert.equal(code, 0, what);
        const left = await present();
        if (what === "close") assert.deepEqual(left, []);
        else
          assert.deepEqual(
            left.map(({ calls }) => calls),
            [["a.rpc", "b.rpc"]],
          );
        await until(async () => (await present()).length === 0, "the lease's end");
      }
    });
  });
}

test("a presence comes back after a restart of etcd and after a wipe, with what is called then", {
  skip: etcdSkipReason(),
}, async () => {
  const etcd: Etcd = await startEtcd();
  const channels = ["order.rpc"].map((Key) => createChannel({ Etcd: { Hosts: [etcd.endpoint], Key }, Presence: true }));
  const seen = async () =>
    (await listPresences({ hosts: [etcd.endpoint] }).catch(() => [])).map(({ calls }) => calls.join()).join();
  await until(async () => (await seen()) === "order.rpc", "the presence");
  await etcd.restart();
  await until(async () => (await seen()) === "order.rpc", "the presence after a restart");
  const restarted = etcd.restart({ wipe: true });
  channels.push(createChannel({ Etcd: { Hosts: [etcd.endpoint], Key: "user.rpc" }, Presence: true }));
  await restarted;
  await until(async () => (await seen()) === "order.rpc,user.rpc", "the presence after a wipe");
  for (const channel of channels) channel.close();
  await until(async () => (await seen()) === "", "nobody");
  await etcd.stop();
});
