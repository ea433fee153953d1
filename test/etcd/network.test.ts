import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { holding } from "../../src/async/hold.js";
import { EtcdDiscovery, EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { dial } from "../../src/etcd-client/dial.js";
import { WatchService } from "../../src/etcd-client/methods.js";
import { PingPace } from "../../src/etcd-client/rpc/ping-pace.js";
import { Tokens } from "../../src/etcd-client/tokens.js";
import { freePort } from "../support/network/ports.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { until } from "../support/until.js";
import { Follower } from "./follower.js";
import { TcpProxy } from "./tcp-proxy.js";

const skip = etcdSkipReason();
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(async () => etcd?.stop());

test("compaction while the client is cut off: the exact set after reconnection", { skip }, async () => {
  await using proxy = await TcpProxy.start(etcd.endpoint);
  await etcdctl(etcd.endpoint, "put", "cut.rpc/1", "10.0.0.1:80");
  await using follower = new Follower(new EtcdDiscovery({ hosts: [proxy.endpoint] }), "cut.rpc");
  await follower.untilAddresses("10.0.0.1:80");
  proxy.refuse();
  await follower.untilTrouble((trouble) => trouble !== undefined);
  await etcdctl(etcd.endpoint, "put", "cut.rpc/2", "10.0.0.2:80");
  await etcdctl(etcd.endpoint, "del", "cut.rpc/1");
  const status = JSON.parse(await etcdctl(etcd.endpoint, "endpoint", "status", "-w", "json"));
  await etcdctl(etcd.endpoint, "compact", String(status[0].Status.header.revision));
  proxy.forward();
  await follower.untilAddresses("10.0.0.2:80");
  await follower.untilTrouble((trouble) => trouble === undefined);
});

test("changes made while the client is cut off are seen after reconnection", { skip }, async () => {
  await using proxy = await TcpProxy.start(etcd.endpoint);
  await etcdctl(etcd.endpoint, "put", "missed.rpc/1", "10.0.0.1:80");
  await using follower = new Follower(new EtcdDiscovery({ hosts: [proxy.endpoint] }), "missed.rpc");
  await follower.untilAddresses("10.0.0.1:80");
  proxy.refuse();
  await etcdctl(etcd.endpoint, "put", "missed.rpc/2", "10.0.0.2:80");
  await etcdctl(etcd.endpoint, "del", "missed.rpc/1");
  proxy.forward();
  await follower.untilAddresses("10.0.0.2:80");
});

test("a half-open connection is noticed and another host taken", {
  skip,
}, async () => {
  await using a = await TcpProxy.start(etcd.endpoint);
  await using b = await TcpProxy.start(etcd.endpoint);
  await using watching = new Follower(new EtcdDiscovery({ hosts: [a.endpoint, b.endpoint] }), "half.rpc");
  await watching.until(() => true);
  // On a busy machine a dial that took too long is still being closed.
  await until(() => a.connections + b.connections === 1, "one connection, to one host");
  const [used, other] = a.connections > 0 ? [a, b] : [b, a];
  used.swallow();
  const since = performance.now();
  await etcdctl(etcd.endpoint, "put", "half.rpc/1", "10.0.0.1:80");
  await watching.untilAddresses("10.0.0.1:80");
  console.log(`half-open connection replaced after ${((performance.now() - since) / 1_000).toFixed(1)} s`);
  await until(() => other.connections === 1, "one connection, to the other host");
});

test("pings slow down when etcd finds them too many", { skip }, async () => {
  const pace = new PingPace(200);
  const { signal } = new AbortController();
  const options = { settings: { hosts: [] }, pace, tokens: new Tokens(), signal };
  const session = await holding(dial(etcd.endpoint, options));
  session.stream(WatchService.watch, { message: () => {}, end: () => {} }); // etcd counts pings while a call is open
  await holding(session.ended);
  assert.equal(pace.intervalMs, 400);
});

test("bursts end in the exact set, and are passed on in fewer sets than there were changes", { skip }, async () => {
  const registrar = new EtcdRegistrar({ hosts: [etcd.endpoint] });
  await using follower = new Follower(new EtcdDiscovery({ hosts: [etcd.endpoint] }), "burst.rpc");
  await follower.until(() => true);
  const addresses = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}:80`);
  const registrations = await Promise.all(addresses.map((address) => registrar.register("burst.rpc", { address })));
  await follower.untilAddresses(...addresses);
  await Promise.all(registrations.map((registration) => registration.deregister()));
  await follower.untilAddresses();
  assert.ok(follower.yields < 600, `${follower.yields} sets for 600 changes`);
});

test("through etcd's own grpc-proxy an instance is listed, found and taken out", { skip }, async () => {
  const port = await freePort();
  const endpoint = `127.0.0.1:${port}`;
  const args = [`--endpoints=${etcd.endpoint}`, `--listen-addr=${endpoint}`, `--advertise-client-url=${endpoint}`];
  const proxy = spawn(process.env.ROLLCALL_ETCD || "etcd", ["grpc-proxy", "start", ...args], { stdio: "ignore" });
  try {
    await using follower = new Follower(new EtcdDiscovery({ hosts: [endpoint] }), "proxied.rpc");
    await follower.untilAddresses(); // waits until the proxy is up
    const registration = await new EtcdRegistrar({ hosts: [endpoint] }).register("proxied.rpc", {
      address: "10.0.0.1:80",
    });
    await follower.untilAddresses("10.0.0.1:80");
    await registration.deregister();
    await follower.untilAddresses();
  } finally {
    proxy.kill("SIGKILL");
  }
});
