import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { EtcdDiscovery, EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { createClient, createServer, type Server } from "../../src/index.js";
import { PutRequest } from "../../src/proto/etcd.js";
import { KVClient } from "../../src/proto/etcd-services.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { Follower } from "./follower.js";
import { TcpProxy } from "./tcp-proxy.js";

const skip = etcdSkipReason();
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(async () => etcd?.stop());

/** A gauge or counter of etcd's own /metrics. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(etcd.metricsUrl)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.split(" ")[1] ?? 0);
}

const watchStreams = () => metric("etcd_debugging_mvcc_watch_stream_total");
const watchers = () => metric("etcd_debugging_mvcc_watcher_total");

test("any number of services, watched and registered, cost one connection, one watch stream and one lease", {
  skip,
}, async () => {
  await using proxy = await TcpProxy.start(etcd.endpoint);
  const settings = { hosts: [proxy.endpoint] };
  const services = Array.from({ length: 40 }, (_, i) => `service-${i}.rpc`);
  const registrations = await Promise.all(
    services.map((service, i) => new EtcdRegistrar(settings).register(service, { address: `10.0.0.1:${i + 1}` })),
  );
  const followers = services.map((service) => new Follower(new EtcdDiscovery(settings), service));
  await Promise.all(followers.map((follower, i) => follower.untilAddresses(`10.0.0.1:${i + 1}`)));
  assert.equal(proxy.connections, 1);
  assert.equal(await watchStreams(), 1);
  assert.equal((await etcdctl(etcd.endpoint, "lease", "list")).trim().split("\n").length, 2, "a heading and one lease");

  await Promise.all(registrations.map((registration) => registration.deregister()));
  await Promise.all(followers.map((follower) => follower.untilAddresses()));
  assert.equal(proxy.connections, 1);
  await Promise.all(followers.map((follower) => follower[Symbol.asyncDispose]()));
  while ((await watchStreams()) + (await watchers()) > 0);
  while (proxy.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(await etcdctl(etcd.endpoint, "lease", "list"), /found 0 leases/);
});

test("clients and servers share one connection however the same etcd is written: by URL, by YAML's section, bare", {
  skip,
}, async (t) => {
  await using a = await TcpProxy.start(etcd.endpoint);
  await using b = await TcpProxy.start(etcd.endpoint);
  const [one, other] = [a.endpoint, b.endpoint];
  const Key = "spelt.rpc";
  const server: Server = createServer(
    { ListenOn: "127.0.0.1:0", Etcd: { Hosts: [one, other], Key }, Shutdown: { WrapUpTime: 0 } },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
  );
  await server.start();
  const clients = [
    createClient(EchoClient, { Etcd: { Hosts: [other, one], Key } }),
    createClient(EchoClient, { Etcd: { Hosts: [`http://${one}/`, other], Key, User: "", InsecureSkipVerify: false } }),
    createClient(EchoClient, { Target: `etcd:///${other},${one}?key=${Key}` }),
    createClient(EchoClient, { Target: `discov://${one},${other}/${Key}` }),
    new EchoClient(`etcd:///${one},${other}?key=${Key}`, credentials.createInsecure()),
  ];
  t.after(async () => {
    for (const client of clients) client.close();
    await server.stop();
  });
  for (const client of clients) {
    assert.equal((await say(client, {}, { deadline: Date.now() + 20_000 })).instance, server.address);
  }
  assert.equal(a.connections + b.connections, 1);
});

test("services that are watched together are listed together, in few calls", { skip }, async () => {
  const services = Array.from({ length: 200 }, (_, i) => `together-${i}.rpc`);
  await etcdctl(etcd.endpoint, "put", "together-199.rpc/1", "10.0.0.1:80");
  const started = (method: string) =>
    metric(`grpc_server_started_total{grpc_method="${method}",grpc_service="etcdserverpb.KV",grpc_type="unary"}`);
  const callsBefore = (await started("Range")) + (await started("Txn"));
  const followers = services.map((service) => new Follower(new EtcdDiscovery({ hosts: [etcd.endpoint] }), service));
  await Promise.all(followers.map((follower) => follower.until(() => true)));
  await followers[199]!.untilAddresses("10.0.0.1:80");
  const calls = (await started("Range")) + (await started("Txn")) - callsBefore;
  assert.ok(calls > 0 && calls < 20, `${calls} calls for 200 services`);
  await Promise.all(followers.map((follower) => follower[Symbol.asyncDispose]()));
});

test("an etcd that allows few operations a call is asked for one service at a time", { skip }, async (t) => {
  const strict = await startEtcd({ args: ["--max-txn-ops=2"] });
  t.after(() => strict.stop());
  const followers = Array.from(
    { length: 5 },
    (_, i) => new Follower(new EtcdDiscovery({ hosts: [strict.endpoint] }), `strict-${i}.rpc`),
  );
  await Promise.all(followers.map((follower) => follower.untilAddresses()));
  for (const [i, follower] of followers.entries()) {
    await etcdctl(strict.endpoint, "put", `strict-${i}.rpc/1`, `10.0.0.${i}:80`);
    await follower.untilAddresses(`10.0.0.${i}:80`);
    assert.deepEqual(follower.troubles.filter(Boolean), []);
  }
  await Promise.all(followers.map((follower) => follower[Symbol.asyncDispose]()));
});

test("malformed, empty, huge, foreign and duplicate values do not keep good instances from being found", {
  skip,
}, async () => {
  const put = (id: string, value: string) => etcdctl(etcd.endpoint, "put", `odd.rpc/${id}`, "--", value);
  await put("plain", "10.0.0.1:80");
  await put("again", "10.0.0.1:80");
  await put("v6", "[2001:db8::1]:80");
  await put("name", "order-0.order.default:80");
  await put("naming", '{"Op":0,"Addr":"10.0.0.2:80","Metadata":{}}');
  await put("kratos", '{"id":"k","name":"odd.rpc","endpoints":["grpc://10.0.0.3:80?isSecure=false"]}');
  await put("empty", "");
  await put("nonsense", "-----");
  await put("listening", "0.0.0.0:80");
  await put("long", "x".repeat(100_000));
  await using follower = new Follower(new EtcdDiscovery({ hosts: [etcd.endpoint] }), "odd.rpc");
  const all = ["10.0.0.1:80", "[2001:db8::1]:80", "order-0.order.default:80", "10.0.0.2:80", "10.0.0.3:80"];
  await follower.untilAddresses(...all);
  await put("plain", "now bad");
  await put("v6", "now bad");
  await follower.untilAddresses(...all.filter((address) => !address.startsWith("[")));
});

test("a service of huge values keeps no other from being found, and is found itself", { skip }, async () => {
  const huge = Buffer.alloc(900_000, "x");
  const kv = new KVClient(etcd.endpoint, credentials.createInsecure());
  const put = (key: string, value: Buffer) =>
    new Promise((resolve, reject) => {
      const request = PutRequest.fromPartial({ key: Buffer.from(key), value });
      kv.put(request, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  for (let i = 0; i < 8; i++) await put(`huge.rpc/${i}`, huge); // together more than is read in one answer
  await put("huge.rpc/9", Buffer.from("10.0.0.9:80"));
  await put("beside.rpc/1", Buffer.from("10.0.0.1:80"));
  kv.close();
  const settings = { hosts: [etcd.endpoint] };
  await using beside = new Follower(new EtcdDiscovery(settings), "beside.rpc");
  await using follower = new Follower(new EtcdDiscovery(settings), "huge.rpc");
  await beside.untilAddresses("10.0.0.1:80");
  await follower.untilAddresses("10.0.0.9:80");
  assert.deepEqual([...beside.troubles, ...follower.troubles].filter(Boolean), []);
  await etcdctl(etcd.endpoint, "put", "huge.rpc/10", "10.0.0.10:80");
  await follower.untilAddresses("10.0.0.9:80", "10.0.0.10:80");
});
