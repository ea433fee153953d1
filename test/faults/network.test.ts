/** What lies between a client and etcd fails, or the client itself stalls. */
import { describe, test } from "node:test";
import { TcpProxy } from "../etcd/tcp-proxy.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { CallsUnderFire, disposable, Fleet, faultMs, listsOnce, stopwatch } from "./under-fire.js";

const skip = etcdSkipReason();
const TTL_SECONDS = 10;

describe("the way to etcd", { skip, concurrency: 2 }, () => {
  test("5: etcd is compacted while a client is cut off: it has the exact set after reconnection", async () => {
    await using etcd = await disposable(startEtcd());
    await using proxy = await TcpProxy.start(etcd.endpoint);
    const listed = { hosts: [etcd.endpoint], key: "compacted.rpc" };
    await using fleet = await Fleet.start(3, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire({ ...listed, hosts: [proxy.endpoint] });
    await calls.settledOn(fleet.instances);
    proxy.refuse();
    const [leaving, ...staying] = fleet.instances;
    await using joined = await Fleet.start(1, listed, TTL_SECONDS);
    await leaving!.end("SIGTERM");
    const status = JSON.parse(await etcdctl(etcd.endpoint, "endpoint", "status", "-w", "json"));
    await etcdctl(etcd.endpoint, "compact", String(status[0].Status.header.revision));
    proxy.forward();
    const since = stopwatch();
    await calls.reaches(joined.addresses[0]!);
    const converged = since();
    await calls.settledOn([...staying, ...joined.instances]);
    await calls.lostNothing("5 compacted while the client was cut off", converged);
  });

  test("8: a connection to etcd goes silent: another host is taken, nothing is missed", async () => {
    await using etcd = await disposable(startEtcd());
    await using a = await TcpProxy.start(etcd.endpoint);
    await using b = await TcpProxy.start(etcd.endpoint);
    const listed = { hosts: [etcd.endpoint], key: "silent.rpc" };
    await using fleet = await Fleet.start(2, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire({ ...listed, hosts: [a.endpoint, b.endpoint] });
    await calls.settledOn(fleet.instances);
    for (const proxy of [a, b]) if (proxy.connections > 0) proxy.swallow();
    const since = stopwatch();
    await using joined = await Fleet.start(1, listed, TTL_SECONDS);
    await calls.reaches(joined.addresses[0]!);
    const converged = since();
    await calls.settledOn([...fleet.instances, ...joined.instances]);
    await calls.lostNothing("8 half-open connection, a join meanwhile", converged);
  });
});

test("14: the client's event loop stalls: it has the exact set afterwards", { skip }, async () => {
  await using etcd = await disposable(startEtcd());
  const listed = { hosts: [etcd.endpoint], key: "stalled.rpc" };
  await using fleet = await Fleet.start(3, listed, TTL_SECONDS);
  // A deadline longer than the stall: one that passes during it is the caller's own.
  await using calls = new CallsUnderFire(listed, 60_000);
  await calls.settledOn(fleet.instances);
  const [leaving, ...staying] = fleet.instances;
  leaving!.process.kill("SIGTERM");
  const stallMs = faultMs(8);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs);
  const since = stopwatch();
  await calls.settledOn(staying);
  const converged = since();
  await listsOnce(
    etcd.endpoint,
    listed.key,
    staying.map(({ address }) => address),
  );
  await calls.lostNothing(`14 the client stalled for ${stallMs / 1_000} s, an instance left meanwhile`, converged);
});
