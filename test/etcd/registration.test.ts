import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { after, before, test } from "node:test";
import { EtcdDiscovery, EtcdRegistrar, listRegistrations } from "../../src/backends/etcd/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { until } from "../support/until.js";
import { Follower } from "./follower.js";

const skip = etcdSkipReason();
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(async () => etcd?.stop());

const settings = () => ({ hosts: [etcd.endpoint] });

/** Key, value and lease of all keys that begin with the prefix, as etcdctl shows them. */
async function keys(prefix: string): Promise<{ key: string; value: string; lease: bigint }[]> {
  const printed = await etcdctl(etcd.endpoint, "get", "--prefix", prefix, "-w", "json");
  // The lease is an int64 that JSON.parse would round.
  const exact = printed.replace(/"lease":(-?\d+)/g, '"lease":"$1"');
  const kvs: { key: string; value: string; lease?: string }[] = JSON.parse(exact).kvs ?? [];
  return kvs.map(({ key, value, lease = "0" }) => ({
    key: Buffer.from(key, "base64").toString(),
    value: Buffer.from(value, "base64").toString(),
    lease: BigInt(lease),
  }));
}

test("a registration is <service>/<lease id> = host:port under a lease of 10 s, as go-zero has it", {
  skip,
}, async () => {
  const registration = await new EtcdRegistrar(settings()).register("layout.rpc", { address: "10.0.0.1:8080" });
  assert.equal(registration.listed, true);
  const [only, ...others] = await keys("layout.rpc");
  assert.deepEqual(others, []);
  assert.equal(only!.value, "10.0.0.1:8080");
  assert.equal(only!.key, `layout.rpc/${only!.lease}`);
  const ttl = await etcdctl(etcd.endpoint, "lease", "timetolive", only!.lease.toString(16));
  assert.match(ttl, /granted with TTL\(10s\)/);
  await registration.deregister();
  assert.deepEqual(await keys("layout.rpc"), []);
  assert.equal(registration.listed, false);
});

test("facts stand outside the service's prefix under the same lease, and are read back", { skip }, async () => {
  const instance = { address: "10.0.0.1:8080", weight: 2.5, zone: "b", metadata: { version: "1.2" } };
  const registration = await new EtcdRegistrar(settings()).register("facts.rpc", instance);
  const seen = await keys("facts.rpc/");
  assert.deepEqual(
    seen.map(({ value }) => value),
    ["10.0.0.1:8080"],
  );
  const all = await keys("facts.rpc");
  assert.equal(all.length, 2);
  assert.ok(all.every(({ lease }) => lease === seen[0]!.lease));
  await using follower = new Follower(new EtcdDiscovery(settings()), "facts.rpc");
  assert.deepEqual(await follower.until((set) => set.length === 1), [instance]);
  await registration.deregister();
  assert.deepEqual(await follower.until((set) => set.length === 0), []);
  assert.deepEqual(await keys("facts.rpc"), []);
});

test("facts that an operator deletes are put again, and the instance is listed all the while", { skip }, async () => {
  const instance = { address: "10.0.0.1:8080", weight: 2.5 };
  const registration = await new EtcdRegistrar(settings()).register("mended.rpc", instance);
  let losses = 0; // a listener that throws is reported and fails no test
  registration.on("lost", () => {
    losses += 1;
  });
  await using follower = new Follower(new EtcdDiscovery(settings()), "mended.rpc");
  await follower.until(([only]) => only?.weight === 2.5);
  const facts = "mended.rpc.~rollcall/";
  await etcdctl(etcd.endpoint, "del", "--prefix", facts);
  await until(async () => (await etcdctl(etcd.endpoint, "get", "--prefix", facts)) !== "", "the facts are back");
  assert.deepEqual(await follower.until(([only]) => only?.weight === 2.5), [instance]);
  assert.equal(losses, 0);
  await registration.deregister();
});

test("a service sees its own instances alone, whatever services are named like it", { skip }, async () => {
  const registrar = new EtcdRegistrar(settings());
  const services = ["order.rpc", "order.rpc2", "order.rpc.v2", "prod/order.rpc", "payment.order.rpc", "order"];
  const registrations = await Promise.all(
    services.map((service, i) => registrar.register(service, { address: `10.0.1.${i}:80`, zone: "a" })),
  );
  const discovery = new EtcdDiscovery(settings());
  for (const [i, service] of services.entries()) {
    await using follower = new Follower(discovery, service);
    assert.deepEqual(await follower.until(() => true), [{ address: `10.0.1.${i}:80`, zone: "a" }], service);
  }
  await Promise.all(registrations.map((registration) => registration.deregister()));
});

test("several instances of one service in one process share the lease and keep their keys apart", {
  skip,
}, async () => {
  const registrar = new EtcdRegistrar(settings());
  const addresses = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"];
  const [first, ...others] = await Promise.all(addresses.map((address) => registrar.register("many.rpc", { address })));
  const listed = await keys("many.rpc/");
  assert.deepEqual(listed.map(({ value }) => value).sort(), addresses);
  assert.equal(new Set(listed.map(({ lease }) => lease)).size, 1);
  await first!.deregister();
  assert.deepEqual((await keys("many.rpc/")).map(({ value }) => value).sort(), addresses.slice(1));
  await Promise.all(others.map((registration) => registration.deregister()));
  assert.deepEqual(await keys("many.rpc/"), []);
  assert.equal((await etcdctl(etcd.endpoint, "lease", "list")).includes(listed[0]!.lease.toString(16)), false);
});

test("an ID stands in for the lease id, exact to the last digit", { skip }, async () => {
  const id = 9_223_372_036_854_775_807n;
  const registration = await new EtcdRegistrar({ ...settings(), id }).register("id.rpc", { address: "10.0.0.1:1" });
  assert.equal((await keys("id.rpc/"))[0]!.key, `id.rpc/${id}`);
  await registration.deregister();
  assert.deepEqual(await keys("id.rpc/"), []);
});

test("what can never be registered is refused with the reason", { skip }, async () => {
  const registrar = new EtcdRegistrar(settings());
  await assert.rejects(registrar.register("", { address: "10.0.0.1:1" }), /service key is empty/);
  await assert.rejects(registrar.register("x.rpc", { address: "0.0.0.0:80" }), /listens/);
  await assert.rejects(registrar.register("x.rpc", { address: "[::]:80" }), /listens/);
  await assert.rejects(registrar.register("x.rpc", { address: "nowhere" }), /no port/);
  const much = { address: "10.0.0.1:1", metadata: { notes: "x".repeat(65_536) } };
  const tooMuch = /metadata take 65\d\d\d bytes; at most 65536 are read/;
  await assert.rejects(registrar.register("x.rpc", much), tooMuch);
  await assert.rejects(new EtcdRegistrar({ ...settings(), layout: "kratos" }).register("x.rpc", much), tooMuch);
});

test("a listing names each key with its lease and the time it has left", { skip }, async () => {
  const registrar = new EtcdRegistrar({ ...settings(), ttlSeconds: 30 });
  const registration = await registrar.register("ls.rpc", { address: "10.0.0.1:1", weight: 3 });
  await etcdctl(etcd.endpoint, "put", "ls.rpc/broken", "nonsense");
  const { registrations, host } = await listRegistrations(settings(), { prefix: "ls.rpc/" });
  assert.equal(host, etcd.endpoint);
  const [good, bad] = registrations;
  assert.deepEqual(good!.instance, { address: "10.0.0.1:1", weight: 3 });
  assert.equal(good!.key, `ls.rpc/${good!.lease}`);
  assert.equal(good!.grantedTtlSeconds, 30);
  assert.ok(good!.ttlSeconds! > 0 && good!.ttlSeconds! <= 30);
  assert.match(bad!.problem!, /no port/);
  assert.equal(bad!.lease, undefined);
  await etcdctl(etcd.endpoint, "del", "ls.rpc/broken");
  await registration.deregister();
});

test("a listing counts the keys of each address, so that 1,000 keys can be told in one line", { skip }, async () => {
  const put = (i: number, address: string) => etcdctl(etcd.endpoint, "put", `twice.rpc/${i}`, address);
  await Promise.all([1, 2, 3].map((i) => put(i, "10.0.0.1:80")));
  await Promise.all([4, 5].map((i) => put(i, "10.0.0.2:80")));
  await put(6, "10.0.0.3:80");
  const { duplicates } = await listRegistrations(settings(), { prefix: "twice.rpc/" });
  assert.deepEqual(duplicates, [
    { service: "twice.rpc", address: "10.0.0.1:80", keys: 3 },
    { service: "twice.rpc", address: "10.0.0.2:80", keys: 2 },
  ]);
});

test("fifty watches of one signal warn of nothing, and a watch that is left by break leaves no listener on it", {
  skip,
}, async () => {
  const warnings: Error[] = [];
  const gather = (warning: Error) => void warnings.push(warning);
  process.on("warning", gather);
  const { signal } = new AbortController();
  const discovery = new EtcdDiscovery(settings());
  const leave = async () => {
    for await (const _ of discovery.watch("left.rpc", { signal })) break;
  };
  await Promise.all(Array.from({ length: 50 }, leave));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", gather);
  assert.deepEqual(warnings, []);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});
