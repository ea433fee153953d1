import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostAnswer } from "../../host-names/host-lookup.js";
import type { Instance } from "../../instance.js";
import type { Target } from "../../registry.js";
import { ManualTiming } from "../../testing/manual-timing.js";
import { dnsDiscovery } from "./index.js";

const target = (parts: Partial<Target> = {}): Target => ({
  scheme: "dns",
  hosts: [],
  service: "order:8080",
  params: {},
  ...parts,
});

/** Watches `order:8080` in a DNS that answers what the test sets. */
function watching(first: HostAnswer | Error, params: Target["params"] = {}) {
  const abort = new AbortController();
  const timing = new ManualTiming();
  const troubles: (string | undefined)[] = [];
  const dns = { reply: first };
  const lookup = async () => {
    if (dns.reply instanceof Error) throw dns.reply;
    return dns.reply;
  };
  const discovery = dnsDiscovery(target({ params }), { timing, lookup });
  const onTrouble = (trouble: Error | undefined) => troubles.push(trouble?.message);
  const seen: string[][] = [];
  const read = (async () => {
    for await (const set of discovery.watch("order:8080", { signal: abort.signal, onTrouble })) {
      seen.push(set.map(({ address }: Instance) => address));
    }
  })();
  const end = async () => {
    abort.abort();
    await read;
    assert.equal(timing.nextIn, undefined);
  };
  return { dns, timing, discovery, seen, troubles, end };
}

const answer = (...addresses: string[]): HostAnswer => ({ addresses, ttlMs: 2_000 });

test("every address is an instance; a changed answer is a new set, an unchanged one is none", async () => {
  const { dns, timing, seen, troubles, end } = watching(answer("10.0.0.2", "fd00::1", "10.0.0.1"));
  await timing.advance(6_000);
  dns.reply = answer("10.0.0.2", "10.0.0.3");
  await timing.advance(2_000);
  assert.deepEqual(seen, [
    ["10.0.0.1:8080", "10.0.0.2:8080", "[fd00::1]:8080"],
    ["10.0.0.2:8080", "10.0.0.3:8080"],
  ]);
  assert.deepEqual(troubles, []);
  await end();
});

test("a failure is not emptiness: the last set stays true, and the trouble is told once", async () => {
  const { dns, timing, seen, troubles, end } = watching(answer("10.0.0.1"));
  await timing.advance(0);
  dns.reply = new Error("DNS server 10.96.0.10, asked for order, did not answer in time");
  await timing.advance(30_000);
  dns.reply = answer("10.0.0.1");
  await timing.advance(5_000);
  assert.deepEqual(seen, [["10.0.0.1:8080"]]);
  assert.deepEqual(troubles, ["DNS server 10.96.0.10, asked for order, did not answer in time", undefined]);
  await end();
});

test("an answer without addresses is the empty set, with a reason", async () => {
  const { dns, timing, seen, troubles, end } = watching(answer("10.0.0.1"));
  await timing.advance(0);
  dns.reply = { addresses: [], absence: "there is no such name" };
  await timing.advance(10_000);
  assert.deepEqual(seen, [["10.0.0.1:8080"], []]);
  assert.match(troubles[0]!, /^order has no address: there is no such name/);
  await end();
});

test("a name that is unknown at first says so, and its first address is seen within the ceiling", async () => {
  const { dns, timing, seen, troubles, end } = watching({ addresses: [], absence: "there is no such name" });
  await timing.advance(60_000);
  assert.deepEqual(seen, [[]]);
  assert.equal(troubles.length, 1);
  dns.reply = answer("10.0.0.1");
  await timing.advance(5_000);
  assert.deepEqual(seen, [[], ["10.0.0.1:8080"]]);
  assert.deepEqual(troubles.slice(1), [undefined]);
  await end();
});

test("a DNS that never answers yields nothing, not an empty set", async () => {
  const { timing, seen, troubles, end } = watching(new Error("refused"));
  await timing.advance(60_000);
  assert.deepEqual([seen, troubles], [[], ["refused"]]);
  await end();
});

test("refresh() brings the next lookup forward", async () => {
  const { dns, timing, discovery, seen, end } = watching({ addresses: ["10.0.0.1"], ttlMs: 60_000 }, { max_ttl: "60" });
  await timing.advance(10_000);
  dns.reply = answer("10.0.0.2");
  discovery.refresh!("order:8080");
  await timing.advance(200);
  assert.deepEqual(seen, [["10.0.0.1:8080"], ["10.0.0.2:8080"]]);
  await end();
});

test("min_ttl and max_ttl bound the waits", async () => {
  for (const [params, waitMs] of [
    [{}, 2_000],
    [{ max_ttl: "0.5" }, 500],
    [{ min_ttl: "10", max_ttl: "30" }, 10_000],
  ] as const) {
    const { timing, end } = watching(answer("10.0.0.1"), params);
    await timing.advance(0);
    assert.equal(Math.round(timing.nextIn!), waitMs);
    await end();
  }
});

test("an IP address is its own answer", async () => {
  const abort = new AbortController();
  const lookup = () => assert.fail("nothing is to be looked up");
  const sets = dnsDiscovery(target(), { lookup }).watch("[fd00::1]:8080", { signal: abort.signal });
  const reader = sets[Symbol.asyncIterator]();
  assert.deepEqual((await reader.next()).value, [{ address: "[fd00::1]:8080" }]);
  abort.abort();
  assert.equal((await reader.next()).done, true);
});

test("what cannot be meant is refused with the reason", () => {
  for (const [parts, reason] of [
    [{ hosts: ["ns.example:53"] }, /"ns.example:53" cannot be asked .* IP address/],
    [{ params: { min_ttl: "soon" } }, /min_ttl="soon" is not a number of seconds/],
    [{ params: { max_ttl: "0" } }, /max_ttl="0" is not a number of seconds/],
    [{ params: { min_ttl: "9" } }, /min_ttl \(9 s\) is longer than max_ttl \(5 s\)/],
  ] as const) {
    assert.throws(() => dnsDiscovery(target(parts)), reason);
  }
});
