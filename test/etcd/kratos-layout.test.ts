import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EtcdDiscovery, EtcdRegistrar, type EtcdSettings } from "../../src/backends/etcd/index.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { Follower } from "./follower.js";

const skip = etcdSkipReason();
let etcd: Etcd | undefined;
let dev: DevRegistry;
before(async () => {
  if (!skip) etcd = await startEtcd();
  dev = await startDevRegistry();
});
after(async () => {
  await etcd?.stop();
  await dev.close();
});

const at = (kind: "etcd" | "dev registry") => (kind === "etcd" ? etcd!.endpoint : dev.endpoint);
const put = (endpoint: string, key: string, value: string) => etcdctl(endpoint, "put", key, "--", value);
const kratos = (name: string, address: string, more: object = {}) =>
  JSON.stringify({
    id: "1",
    name,
    version: "",
    metadata: null,
    endpoints: [`http://${address}0`, `grpc://${address}`],
    ...more,
  });

for (const kind of ["etcd", "dev registry"] as const) {
  test(`${kind}: an instance is /microservices/<name>/<id> = Kratos' JSON under a lease of 15 s, and nothing beside it`, {
    skip,
  }, async () => {
    const endpoint = at(kind);
    const settings: EtcdSettings = { hosts: [endpoint], layout: "kratos" };
    const instance = { address: "10.0.0.1:80", weight: 2, zone: "a", metadata: { version: "v2", team: "shop" } };
    const registration = await new EtcdRegistrar(settings).register("order", instance);
    const printed = await etcdctl(endpoint, "get", "--prefix", "", "-w", "json");
    const [kv, ...others] = JSON.parse(printed.replace(/"lease":(\d+)/g, '"lease":"$1"')).kvs;
    assert.deepEqual(others, []);
    assert.equal(Buffer.from(kv.key, "base64").toString(), `/microservices/order/${kv.lease}`);
    assert.deepEqual(JSON.parse(Buffer.from(kv.value, "base64").toString()), {
      id: kv.lease,
      name: "order",
      version: "v2",
      metadata: { team: "shop", weight: "200", zone: "a" },
      endpoints: ["grpc://10.0.0.1:80"],
    });
    const ttl = await etcdctl(endpoint, "lease", "timetolive", BigInt(kv.lease).toString(16));
    assert.match(ttl, /granted with TTL\(15s\)/);
    await registration.deregister();
    assert.equal(await etcdctl(endpoint, "get", "--prefix", ""), "");
  });

  test(`${kind}: Kratos' instances are found with weight and version, whatever stands beside them`, {
    skip,
  }, async () => {
    const endpoint = at(kind);
    await put(
      endpoint,
      "/microservices/order/1",
      kratos("order", "10.0.0.1:80", { version: "v1", metadata: { weight: "30" } }),
    );
    await put(endpoint, "/microservices/order/2", kratos("order", "10.0.0.2:80"));
    await put(endpoint, "/microservices/order/3", kratos("order", "10.0.0.3:80", { metadata: { weight: "0" } }));
    await put(endpoint, "/microservices/order/4", "hunter2");
    await put(endpoint, "/microservices/order/admin/1", kratos("order/admin", "10.0.0.4:80"));
    await put(endpoint, "/microservices/order2/1", kratos("order2", "10.0.0.5:80"));
    await put(endpoint, "order/1", "10.0.0.6:80");
    await using follower = new Follower(new EtcdDiscovery({ hosts: [endpoint], layout: "kratos" }), "order");
    assert.deepEqual(await follower.until(() => true), [
      { address: "10.0.0.1:80", weight: 30, metadata: { version: "v1", weight: "30" } },
      { address: "10.0.0.2:80", weight: 100 },
    ]);
    await using deeper = new Follower(
      new EtcdDiscovery({ hosts: [endpoint], layout: "kratos" }),
      "/microservices/order/admin",
    );
    assert.deepEqual(
      (await deeper.until(() => true)).map(({ address }) => address),
      ["10.0.0.4:80"],
    );
    await etcdctl(endpoint, "del", "--prefix", "");
  });

  test(`${kind}: a fleet that serves TLS is listed as grpcs, and a namespace of its own is a key that begins with a slash`, {
    skip,
  }, async () => {
    const endpoint = at(kind);
    const settings: EtcdSettings = { hosts: [endpoint], layout: "kratos-tls", id: 7n, ttlSeconds: 5 };
    const registration = await new EtcdRegistrar(settings).register("/ours/order", { address: "10.0.0.1:80" });
    const [key, value] = (await etcdctl(endpoint, "get", "--prefix", "")).trim().split("\n");
    assert.equal(key, "/ours/order/7");
    assert.deepEqual(JSON.parse(value!).endpoints, ["grpcs://10.0.0.1:80"]);
    await using follower = new Follower(new EtcdDiscovery(settings), "/ours/order");
    await follower.untilAddresses("10.0.0.1:80");
    await registration.deregister();
  });
}
