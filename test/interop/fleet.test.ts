import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { type Etcd, etcdSkipReason } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { keepCalling, say } from "./echo.js";
import { fleet } from "./fleet.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };

test(
  "Go and Node servers are one fleet for Go and Node clients, and may leave it without a lost call",
  options,
  async (t) => {
    const { etcd, server, gozeroServer, nodeClient, gozeroClient } = await fleet(t);
    const go1 = await gozeroServer();
    const go2 = await gozeroServer();
    const node1 = await server();

    const stopCalling = new AbortController();
    t.after(() => stopCalling.abort());
    const fromNode = keepCalling(await nodeClient(), stopCalling.signal);
    const fromGo = gozeroClient();
    const settled = (...instances: string[]) =>
      Promise.all([fromNode.settleOn(...instances), fromGo.settleOn(...instances)]);

    await settled(go1.address, go2.address, node1.address);
    const keys = await registrations(etcd);
    assert.deepEqual(keys.map(({ value }) => value).sort(), [go1.address, go2.address, node1.address].sort());
    for (const { key, lease } of keys) assert.equal(key, `order.rpc/${lease}`);
    for (const { lease } of keys) assert.match(await timeToLive(etcd, lease), /granted with TTL\(10s\)/);

    const node2 = await server();
    const go3 = await gozeroServer();
    await settled(go1.address, go2.address, go3.address, node1.address, node2.address);

    await Promise.all([go1.stop(), node1.stop()]);
    await settled(go2.address, go3.address, node2.address);
    await Promise.all([go2.stop(), go3.stop()]);
    await settled(node2.address);

    assert.deepEqual(fromNode.failures, []);
    assert.deepEqual(fromGo.failures, []);
  },
);

test("the dev registry holds Go and Node services just as well", {
  ...options,
  skip: interopSkipReason(),
}, async (t) => {
  const { server, gozeroServer, nodeClient, gozeroClient } = await fleet(t, async () => {
    const { endpoint, close } = await startDevRegistry();
    return { endpoint, stop: close };
  });
  const go = await gozeroServer();
  const node = await server();
  const stopCalling = new AbortController();
  t.after(() => stopCalling.abort());
  const fromNode = keepCalling(await nodeClient(), stopCalling.signal);
  const fromGo = gozeroClient();
  await Promise.all([fromNode, fromGo].map((traffic) => traffic.settleOn(go.address, node.address)));
  await go.stop();
  await Promise.all([fromNode, fromGo].map((traffic) => traffic.settleOn(node.address)));
  assert.deepEqual([fromNode.failures, fromGo.failures], [[], []]);
});

test("a Go client needs no health service of a Node server", options, async (t) => {
  const { server, gozeroClient } = await fleet(t);
  const { address } = await server("Health: false");
  const traffic = gozeroClient();
  await traffic.settleOn(address);
  assert.deepEqual(traffic.failures, []);
});

test("the client's Timeout is the deadline that the other side sees, and ends the call", options, async (t) => {
  const { server, gozeroServer, nodeClient, gozeroClient } = await fleet(t);
  const seen = (ms: number | undefined) => assert.ok(ms && ms > 2_000 && ms <= 60_000, `deadline of ${ms} ms`);

  const node = await server("Timeout: 0");
  seen((await gozeroClient("Timeout: 60000").next()).deadlineMs);
  const late = await gozeroClient("Timeout: 300", "-delay", "60000").next();
  assert.equal(late.code, "DeadlineExceeded");
  await node.stop();

  await gozeroServer("Timeout: 0");
  seen((await say(await nodeClient("Timeout: 60000"))).deadlineMs);
  await assert.rejects(say(await nodeClient("Timeout: 300"), { delayMs: 60_000 }), {
    code: grpc.status.DEADLINE_EXCEEDED,
  });
});

test("the server's Timeout ends a call of the other side", options, async (t) => {
  const { server, gozeroServer, nodeClient, gozeroClient } = await fleet(t);
  const node = await server("Timeout: 300");
  const late = await gozeroClient("Timeout: 60000", "-delay", "60000").next();
  assert.equal(late.code, "DeadlineExceeded");
  await node.stop();

  await gozeroServer("Timeout: 300");
  await assert.rejects(say(await nodeClient("Timeout: 60000"), { delayMs: 60_000 }), {
    code: grpc.status.DEADLINE_EXCEEDED,
  });
});

test(
  "go-zero's authentication accepts App and Token of a Node client, and a Go client's arrive here",
  options,
  async (t) => {
    const { server, gozeroServer, nodeClient, gozeroClient } = await fleet(t);
    const { address, stop } = await gozeroServer("Timeout: 2000", "-credential", "shop=secret");
    assert.equal((await say(await nodeClient("App: shop\nToken: secret"))).instance, address);
    for (const credentials of ["App: shop\nToken: wrong", "Timeout: 2000"]) {
      await assert.rejects(say(await nodeClient(credentials)), { code: grpc.status.UNAUTHENTICATED });
    }
    await stop();

    const arrived = new Promise<grpc.Metadata>((resolve) => void server("Timeout: 2000", resolve));
    gozeroClient("App: shop\nToken: secret");
    const metadata = await arrived;
    assert.deepEqual([metadata.get("app"), metadata.get("token")], [["shop"], ["secret"]]);
  },
);

test("a Go server with an ID of its own is found, and a service whose name goes on is not", options, async (t) => {
  const { etcd, gozeroServer, nodeClient } = await fleet(t);
  const { address } = await gozeroServer("  ID: 7");
  await etcdctl(etcd.endpoint, "put", "order.rpc2/7", "127.0.0.1:1");
  const client = await nodeClient();
  for (let i = 0; i < 20; i++) assert.equal((await say(client)).instance, address);
  assert.deepEqual(
    (await registrations(etcd)).map(({ key }) => key),
    ["order.rpc/7"],
  );
});

async function registrations(etcd: Pick<Etcd, "endpoint">): Promise<{ key: string; value: string; lease: string }[]> {
  const found = await etcdctl(etcd.endpoint, "get", "--prefix", "order.rpc/", "--write-out", "fields");
  const field = (name: string) =>
    [...found.matchAll(new RegExp(`^"${name}" : "?([^"\n]*)"?$`, "gm"))].map(([, v]) => v!);
  const [keys, values, leases] = [field("Key"), field("Value"), field("Lease")];
  return keys.map((key, i) => ({ key, value: values[i]!, lease: leases[i]! }));
}

function timeToLive(etcd: Pick<Etcd, "endpoint">, lease: string): Promise<string> {
  return etcdctl(etcd.endpoint, "lease", "timetolive", BigInt(lease).toString(16));
}
