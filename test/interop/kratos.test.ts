import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type EtcdSettings, listRegistrations, pauseInstance, resumeInstance } from "../../src/backends/etcd/index.js";
import { createClient, createServer, type Server } from "../../src/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { startKratosClient, startKratosServer } from "../support/real-parts/kratos.js";
import { Echo, type EchoClient, echoHandlers, keepCalling } from "./echo.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };
const limit = () => AbortSignal.timeout(60_000);

test(
  "Kratos and Rollcall servers are one fleet for Kratos and Rollcall clients, and may leave it without a lost call",
  options,
  async (t) => {
    const { etcd, server, client, kratosServer, kratosClient } = await fleet(t);
    const go1 = await kratosServer();
    const node1 = await server();
    const fromNode = client();
    const fromGo = kratosClient();
    const settled = (...all: string[]) => Promise.all([fromNode.settleOn(...all), fromGo.settleOn(...all)]);
    await settled(go1.address, node1.address);

    const { registrations } = await listRegistrations({ hosts: [etcd.endpoint] }, { prefix: "/microservices/order/" });
    assert.deepEqual(
      registrations.map(({ instance }) => instance?.address).sort(),
      [go1.address, node1.address].sort(),
    );

    const node2 = await server();
    const go2 = await kratosServer();
    await settled(go1.address, go2.address, node1.address, node2.address);
    await Promise.all([go1.stop(), node1.stop()]);
    await settled(go2.address, node2.address);
    await go2.stop();
    await settled(node2.address);
    assert.deepEqual(fromNode.failures, []);
    assert.deepEqual(fromGo.failures, []);
  },
);

test("what Rollcall writes has the shape of what Kratos writes", options, async (t) => {
  const { etcd, server, kratosServer } = await fleet(t);
  await kratosServer("-version", "v1", "-weight", "30");
  await server({ weight: 0.3, metadata: { version: "v1" } });
  const printed = await etcdctl(etcd.endpoint, "get", "--prefix", "/microservices/order", "-w", "json");
  const kvs: { key: string; value: string }[] = JSON.parse(printed).kvs;
  const values = kvs.map(({ key, value }) => {
    const { id, endpoints, ...others } = JSON.parse(Buffer.from(value, "base64").toString());
    assert.equal(Buffer.from(key, "base64").toString(), `/microservices/order/${id}`);
    assert.match(endpoints.join(), /^grpc:\/\/127\.0\.0\.1:\d+$/);
    return others;
  });
  assert.equal(values.length, 2);
  assert.deepEqual(values[0], values[1]);
  assert.deepEqual(values[0], { name: "order", version: "v1", metadata: { weight: "30" } });
});

test(
  "a paused Rollcall server leaves Kratos clients too, and does not stop them from following the others",
  options,
  async (t) => {
    const { etcd, server, kratosServer, kratosClient } = await fleet(t);
    const settings: EtcdSettings = { hosts: [etcd.endpoint], layout: "kratos" };
    const node = await server();
    const go1 = await kratosServer();
    const fromGo = kratosClient();
    await fromGo.settleOn(node.address, go1.address);
    assert.deepEqual(await pauseInstance(settings, "order", node.address, limit()), { changed: true, listed: 1 });
    await fromGo.settleOn(go1.address);
    const go2 = await kratosServer();
    await fromGo.settleOn(go1.address, go2.address);
    assert.deepEqual(await resumeInstance(settings, "order", node.address, limit()), { changed: true, listed: 3 });
    await fromGo.settleOn(go1.address, go2.address, node.address);
    assert.deepEqual(fromGo.failures, []);
  },
);

test("a Kratos server with a weight of 0 gets no calls from Rollcall while others are there", options, async (t) => {
  const { client, kratosServer } = await fleet(t);
  const resting = await kratosServer("-weight", "0");
  const fromNode = client();
  await fromNode.settleOn(resting.address);
  const serving = await kratosServer();
  await fromNode.settleOn(serving.address);
  await serving.stop();
  await fromNode.settleOn(resting.address);
  assert.deepEqual(fromNode.failures, []);
});

async function fleet(t: TestContext) {
  const etcd: Etcd = await startEtcd();
  t.after(() => etcd.stop());
  return {
    etcd,
    async server(facts: { weight?: number; metadata?: Record<string, string> } = {}) {
      const etcdSection = { Hosts: [etcd.endpoint], Key: "order", Layout: "kratos" as const };
      const server: Server = createServer(
        {
          Name: "order",
          ListenOn: "127.0.0.1:0",
          Etcd: etcdSection,
          ...(facts.weight && { Weight: facts.weight }),
          ...(facts.metadata && { Metadata: facts.metadata }),
        },
        (s) =>
          s.addService(
            Echo.service,
            echoHandlers(() => server.address!),
          ),
        { signals: false },
      );
      await server.start();
      t.after(() => server.stop());
      return { address: server.address!, stop: () => server.stop() };
    },
    client() {
      const client = createClient(Echo, { Target: `etcd:///${etcd.endpoint}?key=order&layout=kratos` }) as EchoClient;
      const stopCalling = new AbortController();
      t.after(() => {
        stopCalling.abort();
        client.close();
      });
      return keepCalling(client, stopCalling.signal);
    },
    async kratosServer(...args: string[]) {
      const server = await startKratosServer(etcd.endpoint, ...args);
      t.after(() => server.stop());
      return server;
    },
    kratosClient() {
      const client = startKratosClient(etcd.endpoint);
      t.after(() => client.stop());
      return client.traffic;
    },
  };
}
