import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "../../src/index.js";
import { EchoClient, say, tally } from "../support/echo.js";
import { startInstance } from "../support/programs/instance-process.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { until } from "../support/until.js";

const skip = etcdSkipReason();
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(() => etcd?.stop());

/** The documented file, on a port that is free. */
const yaml = (key: string) => `Name: ${key}
ListenOn: 127.0.0.1:0
Etcd:
  Hosts:
    - ${etcd.endpoint}
  Key: ${key}
`;

async function keys(prefix: string): Promise<Map<string, string>> {
  const lines = (await etcdctl(etcd.endpoint, "get", "--prefix", prefix)).split("\n").filter(Boolean);
  return new Map(lines.flatMap((line, i) => (i % 2 === 0 ? [[line, lines[i + 1]!] as const] : [])));
}

test("a server process is <key>/<lease id> = ip:port under a lease of 10 s, and gone at once after SIGTERM", {
  skip,
}, async () => {
  const instance = await startInstance(yaml("order.rpc"));
  const [[key, value]] = [...(await keys("order.rpc/"))] as [[string, string]];
  assert.equal(value, instance.address);
  const [, leaseId] = /^order\.rpc\/(\d+)$/.exec(key) ?? [];
  assert.ok(leaseId, key);
  const lease = await etcdctl(etcd.endpoint, "lease", "timetolive", BigInt(leaseId).toString(16));
  assert.match(lease, /granted with TTL\(10s\)/);
  const ended = instance.end("SIGTERM");
  await until(async () => (await keys("order.rpc/")).size === 0, "the key is gone");
  assert.equal(instance.process.exitCode, null, "it is taken out while it still serves");
  assert.equal(await ended, 0);
});

test("after SIGKILL the key goes with its lease", { skip }, async () => {
  const instance = await startInstance(yaml("killed.rpc"));
  await instance.end("SIGKILL");
  const killedAt = performance.now();
  assert.equal((await keys("killed.rpc/")).size, 1, "nobody took it out");
  await until(async () => (await keys("killed.rpc/")).size === 0, "the lease runs out");
  console.log(`listed for ${((performance.now() - killedAt) / 1000).toFixed(1)} s after SIGKILL, TTL 10 s`);
});

test("a client of order.rpc never sees order.rpc2, and keys with slashes and dots work", { skip }, async () => {
  const services = ["order.rpc", "order.rpc2", "prod/order.rpc", "payment.order.rpc"];
  const instances = await Promise.all(services.map((service) => startInstance(yaml(service))));
  for (const [index, Key] of services.entries()) {
    const client = createClient(EchoClient, { Etcd: { Hosts: [etcd.endpoint], Key }, Timeout: 20_000 });
    await say(client);
    assert.deepEqual([...(await tally(client, 20)).keys()], [instances[index]!.address], Key);
    client.close();
  }
  await Promise.all(instances.map((instance) => instance.end("SIGTERM")));
});
