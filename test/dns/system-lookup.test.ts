import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { staticDiscovery } from "../../src/backends/static/index.js";
import { followNames } from "../../src/discovery/follow-names.js";
import { systemLookup } from "../../src/host-names/system-lookup.js";
import { type DnsQuestion, type DnsReply, startDnsResponder } from "../support/real-parts/dns-responder.js";
import { dnsServerSkipReason, startDnsServer } from "../support/real-parts/dns-server.js";

const skip = dnsServerSkipReason();
const { signal } = new AbortController();

/** The lookup of a system whose hosts file and resolv.conf the test writes. */
function system(
  t: TestContext,
  { hosts = "", resolvConf = "", servers }: Record<string, string> & { servers: string },
) {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-system-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const [hostsFile, conf] = [join(dir, "hosts"), join(dir, "resolv.conf")];
  writeFileSync(hostsFile, hosts);
  writeFileSync(conf, resolvConf);
  return { lookup: systemLookup({ hostsFile, resolvConf: conf, servers: [servers] }), hostsFile };
}

async function responder(t: TestContext, reply: (question: DnsQuestion) => DnsReply) {
  const server = await startDnsResponder(reply);
  t.after(() => server.close());
  return server;
}

const kubernetes = "search shop.svc.cluster.test svc.cluster.test cluster.test\noptions ndots:5\n";

test("a short name is completed by the search list, and asked for by its full name from then on", async (t) => {
  const server = await responder(t, ({ name }) =>
    name === "order.shop.svc.cluster.test" ? { addresses: ["10.0.0.1"], ttl: 5 } : "NXDOMAIN",
  );
  const { lookup } = system(t, { resolvConf: kubernetes, servers: server.address });
  const first = await lookup("order.shop", { signal });
  assert.deepEqual(first, { addresses: ["10.0.0.1"], ttlMs: 5_000, name: "order.shop.svc.cluster.test" });
  assert.deepEqual(
    server.questions.filter(({ type }) => type === "A").map(({ name }) => name),
    ["order.shop.shop.svc.cluster.test", "order.shop.svc.cluster.test"],
  );
  server.questions.length = 0;
  assert.deepEqual(await lookup("order.shop", { signal, previous: first }), first);
  assert.deepEqual(new Set(server.questions.map(({ name }) => name)), new Set(["order.shop.svc.cluster.test"]));
});

test("a broken domain of the search list hides no other, but a known name is not traded for another", async (t) => {
  let known: DnsReply = { addresses: ["10.0.0.1"], ttl: 5 };
  const server = await responder(t, ({ name }) => {
    if (name === "order.broken.test") return "SERVFAIL";
    return name === "order.good.test" ? known : { addresses: ["10.9.9.9"], ttl: 5 };
  });
  const { lookup } = system(t, { resolvConf: "search broken.test good.test wild.test", servers: server.address });
  const answer = await lookup("order", { signal });
  assert.deepEqual(answer.addresses, ["10.0.0.1"]);
  assert.equal(answer.name, undefined, "found past a failure: to be searched again");
  known = "SERVFAIL";
  await assert.rejects(lookup("order", { signal, previous: { ...answer, name: "order.good.test" } }), /SERVFAIL/);
});

test("the hosts file comes before DNS, and is read again each time", async (t) => {
  const server = await responder(t, () => ({ addresses: ["10.0.0.1"], ttl: 5 }));
  const { lookup, hostsFile } = system(t, { hosts: "127.0.0.9 order\n", servers: server.address });
  assert.deepEqual(await lookup("order", { signal }), { addresses: ["127.0.0.9"] });
  assert.equal(server.questions.length, 0);
  writeFileSync(hostsFile, "");
  assert.deepEqual((await lookup("order", { signal })).addresses, ["10.0.0.1"]);
});

test("a name that DNS does not know may be known to the system", async (t) => {
  const server = await responder(t, () => "NXDOMAIN");
  const { lookup } = system(t, { servers: server.address });
  const { addresses } = await lookup("localhost", { signal });
  assert.ok(addresses.includes("127.0.0.1") || addresses.includes("::1"), String(addresses));
});

for (const broken of ["SERVFAIL", "REFUSED", "no server"] as const) {
  test(`a name that DNS has never known is asked of the system where DNS fails too: ${broken}`, async (t) => {
    const servers = broken === "no server" ? "127.0.0.1:1" : (await responder(t, () => broken)).address;
    const { lookup } = system(t, { servers });
    const { addresses } = await lookup("localhost", { signal });
    assert.ok(addresses.includes("127.0.0.1") || addresses.includes("::1"), String(addresses));
    await assert.rejects(lookup("order.invalid", { signal }), /^Error: DNS server .*, asked for order\.invalid, /);
  });
}

test("a name that nobody knows is told with all names that were asked for", async (t) => {
  const server = await responder(t, () => "NXDOMAIN");
  const { lookup } = system(t, { resolvConf: "search a.test b.test", servers: server.address });
  const { absence } = await lookup("order.invalid", { signal });
  assert.equal(
    absence,
    "there is no such name (DNS was asked for order.invalid, order.invalid.a.test, order.invalid.b.test)",
  );
});

test("an abort ends a lookup that waits for a silent server", async (t) => {
  const abort = new AbortController();
  const server = await responder(t, () => {
    abort.abort(new Error("enough"));
    return "silence";
  });
  const { lookup } = system(t, { servers: server.address });
  await assert.rejects(lookup("order", { signal: abort.signal }), /enough/);
});

test("the pods of a StatefulSet are followed to their new addresses", { skip }, async (t) => {
  const name = (pod: number) => `order-rpc-${pod}.order-rpc-svc.shop.svc.cluster.test`;
  const server = await startDnsServer({ [name(0)]: ["10.0.0.1"], [name(1)]: ["10.0.0.2"] });
  t.after(() => server.stop());
  const { lookup } = system(t, { resolvConf: kubernetes, servers: server.address });
  const endpoints = ["order-rpc-0.order-rpc-svc.shop:8080", "order-rpc-1.order-rpc-svc.shop:8080"];
  const abort = new AbortController();
  const sets = staticDiscovery(endpoints).watch("", { signal: abort.signal });

  let newAddress = () => {};
  const onTrouble = (trouble: Error | undefined) => trouble && newAddress();
  const seen: string[] = [];
  for await (const set of followNames(sets, { signal: abort.signal, lookup, onTrouble })) {
    seen.push(set.map(({ addresses }) => addresses.map(({ host, port }) => `${host}:${port}`).join()).join(" "));
    if (seen.at(-1) === "10.0.0.7:8080 10.0.0.2:8080") break;
    if (set.length < 2) continue; // one name was answered before the other
    // The pod goes, its name with it; once that has been noticed, it is back at another address.
    newAddress = () => void server.set({ [name(0)]: ["10.0.0.7"], [name(1)]: ["10.0.0.2"] });
    await server.set({ [name(1)]: ["10.0.0.2"] });
  }
  assert.deepEqual(seen.slice(-2), ["10.0.0.1:8080 10.0.0.2:8080", "10.0.0.7:8080 10.0.0.2:8080"]);
  abort.abort();
});
