import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { dnsBackend } from "../../src/backends/dns/index.js";
import { registerBuiltInBackends } from "../../src/backends/index.js";
import type { Discovery } from "../../src/registry.js";
import { parseTargetUrl } from "../../src/target/parse.js";
import {
  type DnsRecords,
  type DnsServerOptions,
  dnsServerSkipReason,
  startDnsServer,
} from "../support/real-parts/dns-server.js";
import { Watched } from "../support/watched.js";

registerBuiltInBackends();

const skip = dnsServerSkipReason();

/** A DNS server and a watch of `order.test:8080` that asks it; both end with the test. */
async function setUp(
  t: TestContext,
  records: DnsRecords,
  { name = "order.test", params = "", ...options }: DnsServerOptions & { name?: string; params?: string } = {},
) {
  const server = await startDnsServer(records, options);
  t.after(() => server.stop());
  const watched = await watch(t, `dns://${server.address}/${name}:8080${params}`);
  return { server, watched };
}

async function watch(t: TestContext, url: string): Promise<Watched> {
  const target = parseTargetUrl(url);
  const discovery = (await dnsBackend.discovery!(target)) as Discovery;
  const watched = new Watched(discovery, target.service);
  t.after(() => watched.end());
  return watched;
}

test("an added address is seen when the TTL is over, a removed one is gone then too", { skip }, async (t) => {
  const ttl = 2;
  const { server, watched } = await setUp(t, { "order.test": ["10.0.0.1"] }, { ttl });
  await watched.shows("10.0.0.1:8080");
  for (const addresses of [["10.0.0.1", "10.0.0.2"], ["10.0.0.2"]]) {
    await server.set({ "order.test": addresses });
    const changed = performance.now();
    await watched.shows(...addresses.map((ip) => `${ip}:8080`));
    t.diagnostic(`seen after ${((performance.now() - changed) / 1_000 / ttl).toFixed(2)} of the TTL`);
  }
  assert.equal(watched.sets.length, 3);
  assert.deepEqual(watched.troubles, []);
});

test("IPv4 and IPv6 addresses are instances alike", { skip }, async (t) => {
  const { watched } = await setUp(t, { "order.test": ["10.0.0.1", "fd00::1"] });
  await watched.shows("10.0.0.1:8080", "[fd00::1]:8080");
});

test("a server that dies keeps the last set, and what changed meanwhile is seen when it is back", {
  skip,
}, async (t) => {
  const { server, watched } = await setUp(t, { "order.test": ["10.0.0.1"] });
  await watched.shows("10.0.0.1:8080");
  await server.kill();
  await watched.until(() => watched.troubles.length === 1);
  assert.equal(
    watched.troubles[0],
    `DNS server ${server.address}, asked for order.test, could not be reached (connection refused)`,
  );
  assert.equal(watched.sets.length, 1);
  await server.start();
  await watched.until(() => watched.troubles.length === 2);
  assert.equal(watched.troubles[1], undefined);
  assert.equal(watched.sets.length, 1);
  await server.set({ "order.test": ["10.0.0.2"] });
  await watched.shows("10.0.0.2:8080");
});

test("a name that does not exist yet is reported, and found once it does", { skip }, async (t) => {
  const { server, watched } = await setUp(t, {});
  await watched.shows();
  await watched.until(() => watched.troubles.length === 1);
  assert.match(watched.troubles[0]!, /^order\.test has no address: there is no such name; is the name right\?/);
  await server.set({ "order.test": ["10.0.0.1"] });
  await watched.shows("10.0.0.1:8080");
  assert.deepEqual(watched.troubles.slice(1), [undefined]);
});

test("a name that loses its addresses is the empty set, whether the name stays or not", { skip }, async (t) => {
  for (const args of [[], ["--txt-record=order.test,still here"]]) {
    const { server, watched } = await setUp(t, { "order.test": ["10.0.0.1"] }, { args });
    await watched.shows("10.0.0.1:8080");
    await server.set({});
    await watched.shows();
    await server.set({ "order.test": ["10.0.0.1"] });
    await watched.shows("10.0.0.1:8080");
  }
});

test("addresses that do not fit a UDP answer arrive by TCP, 200 and 600 of them", { skip }, async (t) => {
  const some = (count: number) => Array.from({ length: count }, (_, i) => `10.1.${i >> 7}.${(i & 127) + 1}`);
  const { server, watched } = await setUp(t, { "order.test": some(200) });
  await watched.shows(...some(200).map((ip) => `${ip}:8080`));
  await server.set({ "order.test": some(600) });
  await watched.shows(...some(600).map((ip) => `${ip}:8080`));
  await server.set({ "order.test": some(199) });
  await watched.shows(...some(199).map((ip) => `${ip}:8080`));
});

test("a TTL of 0 is polled at the floor", { skip }, async (t) => {
  const { server, watched } = await setUp(t, { "order.test": ["10.0.0.1"] }, { ttl: 0, params: "?min_ttl=0.2" });
  await watched.shows("10.0.0.1:8080");
  for (const last of [2, 3, 4]) {
    await server.set({ "order.test": [`10.0.0.${last}`] });
    await watched.shows(`10.0.0.${last}:8080`);
  }
});

test("a TTL longer than the ceiling does not delay a new address beyond it", { skip }, async (t) => {
  const { server, watched } = await setUp(t, { "order.test": ["10.0.0.1"] }, { ttl: 3_600, params: "?max_ttl=0.5" });
  await watched.shows("10.0.0.1:8080");
  await server.set({ "order.test": ["10.0.0.2"] });
  await watched.shows("10.0.0.2:8080");
});

test("a DNS server may be given by its IPv6 address", { skip }, async (t) => {
  const { watched } = await setUp(t, { "order.test": ["10.0.0.1"] }, { listen: "::1" });
  await watched.shows("10.0.0.1:8080");
});

test("a second server is asked when the first is down", { skip }, async (t) => {
  const server = await startDnsServer({ "order.test": ["10.0.0.1"] });
  t.after(() => server.stop());
  const watched = await watch(t, `dns://127.0.0.1:1,${server.address}/order.test:8080`);
  await watched.shows("10.0.0.1:8080");
});
