import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { type DevRegistryOptions, startDevRegistry } from "../../src/dev-registry/index.js";
import { EtcdClient, fails } from "../contract/etcd-client.js";

const key = Buffer.from("order.rpc/1");
const value = Buffer.from("10.0.0.1:8080");

async function start(t: TestContext, options?: DevRegistryOptions) {
  const registry = await startDevRegistry(options);
  t.after(() => registry.close());
  return { registry, faults: registry.faults, client: connectTo(registry.endpoint, t) };
}

/** A client of its own, because one that was cut off waits before it connects again. */
function connectTo(endpoint: string, t: TestContext): EtcdClient {
  const client = new EtcdClient(endpoint);
  t.after(() => client.close());
  return client;
}

test("an operator's put, delete and list are seen by clients, and the other way round", async (t) => {
  const { registry, client } = await start(t);
  registry.put("a/1", "x");
  await client.put({ key: Buffer.from("a/2"), value: Buffer.from("y") });
  registry.put("b", "z");
  assert.deepEqual(
    [...registry.list("a/")],
    [
      ["a/1", "x"],
      ["a/2", "y"],
    ],
  );
  assert.equal((await client.range({ key: Buffer.from("a/1") })).kvs[0]!.value.toString(), "x");
  assert.equal(registry.delete("a/", { prefix: true }), 2);
  assert.equal(registry.delete("a/1"), 0);
  assert.deepEqual([...registry.list()], [["b", "z"]]);
});

test("dropped connections end streams; a new connection finds everything as it was", async (t) => {
  const { faults, client, registry } = await start(t);
  await client.put({ key, value });
  const watch = client.watch();
  await watch.created({ key });
  faults.dropConnections();
  await fails(watch.next(), "UNAVAILABLE");
  assert.equal((await connectTo(registry.endpoint, t).range({ key })).count, 1n);
});

test("a refused registry takes no connection until it is told to again, at the same endpoint", async (t) => {
  const { faults, client, registry } = await start(t);
  await client.put({ key, value });
  await faults.refuse(true);
  await faults.refuse(true);
  const [host, port] = registry.endpoint.split(":");
  const [error] = await once(connect(Number(port), host), "error");
  assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
  await fails(client.range({ key }), "UNAVAILABLE");
  await faults.refuse(false);
  assert.equal((await connectTo(registry.endpoint, t).range({ key })).count, 1n);
});

test("a frozen registry answers nothing on connections that stay open, and everything when it thaws", async (t) => {
  const { faults, client, registry } = await start(t);
  await client.put({ key, value });
  faults.freeze(true);
  let answered = false;
  const waiting = client.range({ key }).finally(() => {
    answered = true;
  });
  const newcomer = connect(Number(registry.endpoint.split(":")[1]), "127.0.0.1");
  await once(newcomer, "connect");
  await untilWrittenButUnread(newcomer);
  assert.equal(answered, false);
  newcomer.destroy();
  faults.freeze(false);
  assert.equal((await waiting).count, 1n);
});

/** Bytes reach the registry's kernel; a server that reads them would answer with its settings or close. */
async function untilWrittenButUnread(socket: ReturnType<typeof connect>): Promise<void> {
  let heard = false;
  socket.on("data", () => {
    heard = true;
  });
  await new Promise((resolve) => socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(heard, false);
}

test("frozen watches miss nothing when they thaw, while other calls go on", async (t) => {
  const { faults, client } = await start(t);
  const watch = client.watch();
  t.after(() => watch.close());
  const { header } = await watch.created({ key });
  faults.freezeWatches(true);
  await client.put({ key, value });
  await client.put({ key, value });
  const late = client.watch();
  t.after(() => late.close());
  late.create({ key, startRevision: header!.revision + 1n });
  watch.requestProgress();
  await client.range({ key });
  faults.freezeWatches(false);
  for (const stream of [watch, late]) {
    if (stream === late) assert.equal((await stream.next()).created, true);
    const events = await stream.events(2);
    assert.deepEqual(
      events.map(({ kv }) => kv!.modRevision),
      [header!.revision + 1n, header!.revision + 2n],
    );
  }
});

test("history compacted while watches were frozen cancels them", async (t) => {
  const { faults, client } = await start(t);
  const watch = client.watch();
  t.after(() => watch.close());
  await watch.created({ key });
  faults.freezeWatches(true);
  for (let i = 0; i < 3; i++) await client.put({ key, value });
  faults.compact();
  faults.freezeWatches(false);
  const canceled = await watch.next();
  assert.equal(canceled.canceled, true);
  assert.equal(canceled.compactRevision, 4n);
});

test("a crash keeps data and leases: after the restart every lease has its whole TTL again", async (t) => {
  const { faults, client, registry } = await start(t, { minLeaseTtl: 1 });
  const { ID: lease, header } = await client.grant({ TTL: 1n });
  await client.put({ key, value, lease });
  await faults.crash();
  await new Promise((resolve) => setTimeout(resolve, 1_200)); // longer than the lease
  assert.deepEqual([...registry.list()], [[String(key), String(value)]]);
  await faults.restart();
  const again = connectTo(registry.endpoint, t);
  const watch = again.watch();
  t.after(() => watch.close());
  const created = await watch.created({ key });
  assert.equal(created.header!.clusterId, header!.clusterId);
  assert.ok(created.header!.raftTerm > header!.raftTerm);
  assert.equal((await again.range({ key })).count, 1n);
  assert.equal((await watch.events(1))[0]!.type, 1); // it runs out now, as nobody keeps it alive
});

test("while the registry is refused leases run out", async (t) => {
  const { faults, client, registry } = await start(t, { minLeaseTtl: 1 });
  const { ID: lease } = await client.grant({ TTL: 1n });
  await client.put({ key, value, lease });
  await faults.refuse(true);
  while (registry.list().size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});

test("a wiped registry is empty, at a lower revision, in another cluster, without leases", async (t) => {
  const { faults, client, registry } = await start(t);
  const { ID: lease } = await client.grant({ TTL: 60n });
  const before = (await client.put({ key, value, lease })).header!;
  const watch = client.watch();
  await watch.created({ key });
  await faults.wipe();
  await fails(watch.next(), "UNAVAILABLE");
  const again = connectTo(registry.endpoint, t);
  const { header, count } = await again.range({ key });
  assert.deepEqual([header!.revision, count], [1n, 0n]);
  assert.notEqual(header!.clusterId, before.clusterId);
  assert.notEqual(header!.memberId, before.memberId);
  assert.equal((await again.timeToLive({ ID: lease })).TTL, -1n);
});

test("expired leases take their keys along at once", async (t) => {
  const { faults, client, registry } = await start(t);
  const { ID: lease } = await client.grant({ TTL: 600n });
  await client.put({ key, value, lease });
  registry.put("free", "stays");
  faults.expireLeases();
  assert.deepEqual([...registry.list().keys()], ["free"]);
  assert.equal((await client.timeToLive({ ID: lease })).TTL, -1n);
});

test("without a leader calls fail and watches end, as etcd ends those that asked for one", async (t) => {
  const { faults, client } = await start(t);
  const watch = client.watch();
  await watch.created({ key });
  faults.loseLeader(true);
  await fails(watch.next(), "UNAVAILABLE", "etcdserver: no leader");
  await fails(client.range({ key }), "UNAVAILABLE", "etcdserver: no leader");
  await fails(client.watch().next(), "UNAVAILABLE", "etcdserver: no leader");
  await fails(client.keepAlive().next(), "UNAVAILABLE", "etcdserver: no leader");
  faults.loseLeader(false);
  await client.range({ key });
});

test("the next calls fail as asked, then no more", async (t) => {
  const { faults, client } = await start(t);
  faults.failNext(status.RESOURCE_EXHAUSTED, { method: "Put", times: 2, details: "etcdserver: too many requests" });
  await client.range({ key });
  for (let i = 0; i < 2; i++) {
    await fails(client.put({ key, value }), "RESOURCE_EXHAUSTED", "etcdserver: too many requests");
  }
  await client.put({ key, value });
  faults.failNext(status.INTERNAL);
  await fails(client.range({ key }), "INTERNAL", "injected by the dev registry");
  faults.failNext(status.PERMISSION_DENIED, { method: "Watch" });
  await fails(client.watch().next(), "PERMISSION_DENIED");
  await client.range({ key });
});
