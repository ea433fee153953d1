import assert from "node:assert/strict";
import { test } from "node:test";
import { Latest } from "../async/latest.js";
import type { Instance } from "../instance.js";
import { ManualTiming, settled } from "../testing/manual-timing.js";
import { type FollowNamesOptions, followNames } from "./follow-names.js";
import type { ResolvedInstance } from "./resolved-instance.js";

/** A discovery and a DNS under the test's hand, with the host following between it and the reader. */
function following(options: Partial<FollowNamesOptions> = {}) {
  const abort = new AbortController();
  const timing = new ManualTiming();
  const sets = new Latest<readonly Instance[]>(abort.signal);
  const dns = new Map<string, readonly string[] | Error>();
  const asked: string[] = [];
  const troubles: (string | undefined)[] = [];
  const hosts = followNames(sets, {
    signal: abort.signal,
    timing,
    onTrouble: (trouble) => troubles.push(trouble?.message),
    lookup: async (host) => {
      asked.push(host);
      const reply = dns.get(host) ?? new Error(`${host} is unknown`);
      if (reply instanceof Error) throw reply;
      return { addresses: reply, ttlMs: 1_000 };
    },
    ...options,
  });
  const reader = hosts[Symbol.asyncIterator]();
  let unread: ReturnType<typeof reader.next> | undefined;
  const raw = async (): Promise<readonly ResolvedInstance[] | undefined> => {
    unread ??= reader.next();
    const news = await Promise.race([unread, settled().then(settled)]);
    if (!news) return undefined;
    unread = undefined;
    assert.equal(news.done, false);
    return news.value as readonly ResolvedInstance[];
  };
  return {
    raw,
    abort,
    timing,
    dns,
    asked,
    troubles,
    hosts,
    list: (...addresses: string[]) => sets.set(addresses.map((address) => ({ address }))),
    set: (instances: readonly Instance[]) => sets.set(instances),
    /** The newest set, as `address=ip:port,ip:port`; undefined when there is no news. */
    news: async (): Promise<string[] | undefined> =>
      (await raw())?.map(
        ({ instance, addresses }) => `${instance.address}=${addresses.map(({ host, port }) => `${host}:${port}`)}`,
      ),
    async ended(): Promise<boolean> {
      return (await (unread ?? reader.next())).done === true;
    },
  };
}

test("instances with an IP address pass as they are, without a lookup", async () => {
  const { list, news, asked, abort, ended } = following();
  list("10.0.0.1:1", "[fd00::1]:2");
  assert.deepEqual(await news(), ["10.0.0.1:1=10.0.0.1:1", "[fd00::1]:2=fd00::1:2"]);
  assert.deepEqual(asked, []);
  abort.abort();
  assert.equal(await ended(), true);
});

test("a name is one instance whatever the number of its addresses, and is followed when they change", async () => {
  const { list, news, dns, timing, abort } = following();
  dns.set("order-0.order", ["10.0.0.2", "10.0.0.1"]);
  list("order-0.order:8080");
  assert.deepEqual(await news(), ["order-0.order:8080=10.0.0.1:8080,10.0.0.2:8080"]);
  await timing.advance(1_000);
  assert.equal(await news(), undefined, "an unchanged answer is no news");
  dns.set("order-0.order", ["10.0.0.9"]);
  await timing.advance(1_000);
  assert.deepEqual(await news(), ["order-0.order:8080=10.0.0.9:8080"]);
  abort.abort();
});

test("a name shared by several instances is looked up once", async () => {
  const { list, news, dns, asked, abort } = following();
  dns.set("node", ["10.0.0.1"]);
  list("node:1", "node:2", "node:3");
  assert.deepEqual(await news(), ["node:1=10.0.0.1:1", "node:2=10.0.0.1:2", "node:3=10.0.0.1:3"]);
  assert.deepEqual(asked, ["node"]);
  abort.abort();
});

test("a name that never resolved leaves its instance out, says so once, and joins when it resolves", async () => {
  const { list, news, dns, timing, troubles, asked, abort } = following();
  dns.set("a", ["10.0.0.1"]);
  list("a:1", "b:1");
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1"]);
  await timing.advance(20_000);
  assert.deepEqual(troubles, ["host names cannot be resolved: b is unknown"]);
  assert.ok(asked.filter((host) => host === "b").length >= 4);
  dns.set("b", ["10.0.0.2"]);
  await timing.advance(5_000);
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1", "b:1=10.0.0.2:1"]);
  assert.equal(troubles.at(-1), undefined);
  assert.equal(troubles.length, 2);
  abort.abort();
});

test("a name that fails, or is gone, keeps its last addresses: DNS does not decide who is a member", async () => {
  const { list, news, dns, timing, troubles, abort } = following();
  dns.set("a", ["10.0.0.1"]);
  list("a:1");
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1"]);
  dns.set("a", new Error("SERVFAIL"));
  await timing.advance(5_000);
  dns.set("a", []);
  await timing.advance(10_000);
  assert.equal(await news(), undefined);
  assert.equal(troubles.length, 2);
  assert.equal(troubles[0], "host names cannot be resolved: SERVFAIL");
  assert.match(troubles[1]!, /^host names cannot be resolved: a has no address: the answer is empty/);
  list("a:1", "a:2");
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1", "a:2=10.0.0.1:2"]);
  abort.abort();
});

test("names of which none has been looked up yet hold the set back; all of them failing is an empty set", async () => {
  let fail = (_error: Error) => {};
  const { list, news, troubles, abort } = following({
    lookup: () =>
      new Promise((_resolve, reject) => {
        fail = reject;
      }),
  });
  list("a:1");
  assert.equal(await news(), undefined);
  fail(new Error("timeout"));
  assert.deepEqual(await news(), []);
  assert.deepEqual(troubles, ["host names cannot be resolved: timeout"]);
  abort.abort();
});

test("a name that cannot be looked up stands for its last known addresses; DNS decides when it answers", async () => {
  const lastKnown = (host: string) => (host === "a" ? ["10.0.0.1"] : undefined);
  const { list, news, dns, timing, abort } = following({ lastKnown });
  list("a:1", "b:1");
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1"], "b was never known");
  dns.set("a", ["10.0.0.9"]);
  await timing.advance(5_000);
  assert.deepEqual(await news(), ["a:1=10.0.0.9:1"]);
  abort.abort();
});

test("while DNS has not answered, last known addresses are used only once it has had its time", async () => {
  const lookup = () => new Promise<never>(() => {});
  const { list, news, hosts, abort } = following({ lookup, lastKnown: () => ["10.0.0.1"] });
  list("a:1");
  assert.equal(await news(), undefined);
  hosts.useLastKnown();
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1"]);
  abort.abort();
});

test("before the first set there is none: that DNS has had its time does not make it an empty one", async () => {
  const { list, news, hosts } = following();
  hosts.useLastKnown();
  assert.equal(await news(), undefined);
  list();
  assert.deepEqual(await news(), []);
});

test("an empty set passes at once", async () => {
  const { list, news, abort } = following();
  list();
  assert.deepEqual(await news(), []);
  abort.abort();
});

test("a name that left the set is not looked up any more", async () => {
  const { list, news, dns, timing, asked, troubles, abort } = following();
  dns.set("a", ["10.0.0.1"]);
  list("a:1", "b:1");
  assert.deepEqual(await news(), ["a:1=10.0.0.1:1"]);
  list("10.0.0.7:1");
  assert.deepEqual(await news(), ["10.0.0.7:1=10.0.0.7:1"]);
  asked.length = 0;
  await timing.advance(60_000);
  assert.deepEqual(asked, []);
  assert.equal(timing.nextIn, undefined);
  assert.equal(troubles.at(-1), undefined, "its trouble goes with it");
  abort.abort();
});

test("new facts of an instance are news; the others keep their identity", async () => {
  const { set, raw, abort } = following();
  set([{ address: "10.0.0.1:1" }, { address: "10.0.0.2:1" }]);
  const [first, second] = (await raw())!;
  set([{ address: "10.0.0.1:1", weight: 2 }, { address: "10.0.0.2:1" }]);
  const [changed, same] = (await raw())!;
  assert.equal(changed!.instance.weight, 2);
  assert.notEqual(changed, first);
  assert.equal(same, second);
  abort.abort();
});

test("an address that makes no sense is left out, and the others stay", async () => {
  const { list, news, abort } = following();
  list("nonsense", "10.0.0.1:1");
  assert.deepEqual(await news(), ["10.0.0.1:1=10.0.0.1:1"]);
  abort.abort();
});

test("refresh() looks every name up soon", async () => {
  let lookups = 0;
  const { list, news, timing, hosts, abort } = following({
    lookup: async () => {
      lookups += 1;
      return { addresses: ["10.0.0.1"], ttlMs: 5_000 };
    },
  });
  list("a:1", "b:1", "10.0.0.2:1");
  assert.ok(await news());
  await timing.advance(2_000);
  assert.equal(lookups, 2);
  hosts.refresh();
  await timing.advance(200);
  assert.equal(lookups, 4);
  abort.abort();
  assert.equal(timing.nextIn, undefined);
});

test("a reader that stops reading ends the lookups, and a failing discovery fails the reader", async () => {
  const timing = new ManualTiming();
  const lookup = async () => ({ addresses: ["10.0.0.1"], ttlMs: 1_000 });
  const options = { signal: new AbortController().signal, timing, lookup };
  const sets = new Latest<readonly Instance[]>();
  sets.set([{ address: "a:1" }]);
  for await (const _set of followNames(sets, options)) break;
  assert.equal(timing.nextIn, undefined);
  const failing = new Latest<readonly Instance[]>();
  failing.fail(new Error("no such service"));
  await assert.rejects(async () => {
    for await (const _set of followNames(failing, options));
  }, /no such service/);
});

test("10,000 IP addresses cost next to nothing: what is known is used again", async () => {
  const { set, raw, abort } = following();
  const instances = Array.from({ length: 10_000 }, (_, i) => ({ address: `10.${i >> 8}.${i & 255}.1:80` }));
  set(instances);
  const before = (await raw())!;
  set([...instances.slice(1), { address: "10.200.0.1:80" }]);
  const after = (await raw())!;
  assert.equal(after.length, 10_000);
  assert.ok(after.slice(0, -1).every((one, index) => one === before[index + 1]));
  abort.abort();
});
