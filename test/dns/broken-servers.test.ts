import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { dnsDiscovery } from "../../src/backends/dns/index.js";
import { type DnsQuestion, type DnsReply, startDnsResponder } from "../support/real-parts/dns-responder.js";
import { Watched } from "../support/watched.js";

const params = { min_ttl: "0.1", max_ttl: "0.2" };

/** A server that answers as `reply` says at the time, and a watch of `order.test:80` that asks it. */
async function setUp(t: TestContext, reply: (question: DnsQuestion) => DnsReply) {
  const server = await startDnsResponder(reply);
  t.after(() => server.close());
  const discovery = dnsDiscovery({ scheme: "dns", hosts: [server.address], service: "order.test:80", params });
  const watched = new Watched(discovery, "order.test:80");
  t.after(() => watched.end());
  return { server, watched };
}

const good: DnsReply = { addresses: ["10.0.0.1", "fd00::1"], ttl: 0 };

for (const [broken, reason] of [
  ["SERVFAIL", /answered that it failed \(SERVFAIL\)/],
  ["REFUSED", /refused to answer/],
  ["garbage", /sent an answer that makes no sense/],
] as const) {
  test(`a server that answers ${broken} keeps the last set, and is heard again when it recovers`, async (t) => {
    let reply: DnsReply = good;
    const { watched } = await setUp(t, () => reply);
    await watched.shows("10.0.0.1:80", "[fd00::1]:80");
    reply = broken;
    await watched.until(() => watched.troubles.length === 1);
    assert.match(watched.troubles[0]!, reason);
    assert.match(watched.troubles[0]!, /^DNS server 127\.0\.0\.1:\d+, asked for order\.test, /);
    reply = { addresses: ["10.0.0.2"], ttl: 0 };
    await watched.shows("10.0.0.2:80");
    assert.equal(watched.sets.length, 2);
    assert.equal(watched.troubles.at(-1), undefined);
  });
}

test("a server that falls silent keeps the last set", async (t) => {
  let reply: DnsReply = good;
  const { server, watched } = await setUp(t, () => reply);
  await watched.shows("10.0.0.1:80", "[fd00::1]:80");
  reply = "silence";
  await watched.until(() => watched.troubles.length === 1);
  assert.match(watched.troubles[0]!, /DNS has not answered for 5 s/);
  assert.equal(watched.sets.length, 1);
  reply = good;
  server.questions.length = 0;
  await watched.until(() => watched.troubles.length === 2);
  assert.equal(watched.sets.length, 1);
});

test("a server that takes longer than the timeout is believed when its answer comes", async (t) => {
  const server = await startDnsResponder(() => good, 5_500);
  t.after(() => server.close());
  const discovery = dnsDiscovery({ scheme: "dns", hosts: [server.address], service: "order.test:80", params });
  const watched = new Watched(discovery, "order.test:80");
  t.after(() => watched.end());
  await watched.shows("10.0.0.1:80", "[fd00::1]:80");
  assert.equal(watched.troubles.at(-1), undefined);
});

test("a family that is never answered for delays the other's addresses no longer than a moment", async (t) => {
  const { server, watched } = await setUp(t, ({ type }) => (type === "A" ? good : "silence"));
  await watched.shows("10.0.0.1:80");
  assert.equal(server.questions.filter(({ type }) => type === "AAAA").length, 1, "no second round was needed");
});

test("a family that fails keeps its addresses beside the fresh ones of the other", async (t) => {
  let v4: DnsReply = good;
  let v6: DnsReply = good;
  const { watched } = await setUp(t, ({ type }) => (type === "A" ? v4 : v6));
  await watched.shows("10.0.0.1:80", "[fd00::1]:80");
  v6 = "SERVFAIL";
  v4 = { addresses: ["10.0.0.2"], ttl: 0 };
  await watched.shows("10.0.0.2:80", "[fd00::1]:80");
  assert.deepEqual(watched.troubles, []);
  v4 = { addresses: [], ttl: 0 };
  await watched.until(() => watched.troubles.length === 1);
  assert.equal(watched.now, "10.0.0.2:80 [fd00::1]:80", "no A record and an unknown AAAA is not emptiness");
  v6 = { addresses: ["fd00::2"], ttl: 0 };
  await watched.shows("[fd00::2]:80");
});

test("answers that flap are believed one by one, and asked for no faster for it", async (t) => {
  let round = 0;
  const { server, watched } = await setUp(t, ({ type }) => {
    if (type === "A") round += 1;
    return { addresses: round % 2 ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.1"], ttl: 0 };
  });
  await watched.until(() => watched.sets.length === 6);
  const both = "10.0.0.1:80 10.0.0.2:80";
  assert.deepEqual(watched.sets, [both, "10.0.0.1:80", both, "10.0.0.1:80", both, "10.0.0.1:80"]);
  assert.equal(server.questions.length, 12, "one question a family for each answer");
});

test("an order that is shuffled in every answer, as servers do, is no change", async (t) => {
  const all = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  let last: DnsReply = { addresses: all, ttl: 0 };
  const { server, watched } = await setUp(t, () => {
    if (server.questions.length > 10) return last;
    all.push(all.shift()!);
    return { addresses: [...all], ttl: 0 };
  });
  await watched.shows(...all.map((ip) => `${ip}:80`));
  last = { addresses: ["10.0.0.9"], ttl: 0 };
  await watched.shows("10.0.0.9:80");
  assert.equal(watched.sets.length, 2);
});
