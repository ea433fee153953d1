import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { Latest } from "../async/latest.js";
import { registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import type { Target, WatchOptions } from "../registry.js";
import { parseTargetUrl } from "../target/parse.js";
import { type KnownSet, type LastKnownSets, RememberedSets } from "./last-known.js";
import { TargetDiscovery, type TargetDiscoveryOptions } from "./target-discovery.js";

/** A registry under the test's hand, as a backend. */
class Registry {
  readonly watches: { service: string; options: WatchOptions; sets: Latest<readonly Instance[]> }[] = [];
  refreshed = 0;
  opened = 0;

  constructor(scheme: string) {
    registerBackend(scheme, {
      discovery: () => {
        this.opened += 1;
        return {
          watch: (service, options) => {
            const sets = new Latest<readonly Instance[]>(options.signal);
            this.watches.push({ service, options, sets });
            return sets;
          },
          refresh: () => {
            this.refreshed += 1;
          },
        };
      },
    });
  }

  /** The watch that was begun last, once there is one more than before. */
  async watched(count = 1) {
    while (this.watches.length < count) await new Promise(setImmediate);
    return this.watches.at(-1)!;
  }
}

/** News that has not come by then never will: no test waits for that long. */
const LIMIT_MS = 60_000;

/** A discovery, and what it has told; `next` resolves at the next news. */
function discover(target: Target, options: Partial<TargetDiscoveryOptions> = {}) {
  const told: (string[] | string)[] = [];
  let wake = () => {};
  const tell = (news: string[] | string) => {
    told.push(news);
    wake();
  };
  const discovery = new TargetDiscovery(target, {
    onSet: (set) =>
      tell(set.map(({ instance, unconfirmed }) => instance.address + (unconfirmed ? " unconfirmed" : ""))),
    onFailure: (error) => tell(error.message),
    lastKnown: new RememberedSets(),
    ...options,
  });
  const next = async () => {
    if (told.length === 0) {
      await new Promise<void>((resolve, reject) => {
        // A discovery keeps no process alive; this does.
        const late = setTimeout(() => reject(new Error(`nothing was told for ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    return told.shift();
  };
  return { discovery, next, told };
}

const lists = (...addresses: string[]) => addresses.map((address) => ({ address }));

test("a target's instances are told at first and at every change, and nothing after stop()", async () => {
  const registry = new Registry("td-basic");
  const { discovery, next, told } = discover(parseTargetUrl("td-basic:///h:1?key=order"));
  assert.match(discovery.status.explain()!, /"order" are not known: td-basic h:1 has not answered yet/);
  discovery.start();
  const { service, sets, options } = await registry.watched();
  assert.equal(service, "order");
  sets.set(lists("10.0.0.1:1"));
  assert.deepEqual(await next(), ["10.0.0.1:1"]);
  sets.set([]);
  assert.deepEqual(await next(), []);
  assert.match(discovery.status.explain()!, /no instance of "order" is listed in td-basic h:1/);
  discovery.start();
  assert.equal(registry.refreshed, 1, "start() while it runs asks for a fresh answer");
  discovery.stop();
  assert.equal(options.signal.aborted, true);
  sets.set(lists("10.0.0.2:1"));
  await new Promise(setImmediate);
  assert.deepEqual(told, []);
});

test("stopped and started again while the registry is away, it starts from the last known set, of the same discovery", async () => {
  const registry = new Registry("td-idle");
  const { discovery, next } = discover(parseTargetUrl("td-idle:///h:1?key=order"));
  discovery.start();
  (await registry.watched()).sets.set(lists("10.0.0.1:1", "10.0.0.2:1"));
  await next();
  discovery.stop();
  discovery.start();
  const { options, sets } = await registry.watched(2);
  options.onTrouble!(new Error("connection refused"));
  assert.deepEqual(await next(), ["10.0.0.1:1", "10.0.0.2:1"]);
  assert.match(
    discovery.status.explain()!,
    /none of the instances .* listed last \(from memory\) .* connection refused/,
  );
  assert.equal(discovery.status.source, "memory");
  sets.set(lists("10.0.0.3:1"));
  assert.deepEqual(await next(), ["10.0.0.3:1"], "the registry's own word replaces it");
  assert.equal(discovery.status.source, "registry");
  assert.equal(registry.opened, 1);
  discovery.stop();
});

test("a registry that says nothing at all has a moment's time; one that answers is believed at once", async () => {
  const registry = new Registry("td-silent");
  const target = parseTargetUrl("td-silent:///h:1?key=order");
  const lastKnown = new RememberedSets();
  lastKnown.keep(target, {
    instances: [{ instance: { address: "10.0.0.1:1" }, addresses: [{ host: "10.0.0.1", port: 1 }] }],
    at: Date.now() - 60_000,
  });
  const silent = discover(target, { lastKnown });
  silent.discovery.start();
  assert.deepEqual(await silent.next(), ["10.0.0.1:1"]);
  const ageMs = performance.now() - silent.discovery.status.answeredAt;
  assert.ok(ageMs > 60_000, "its age is that of the answer");
  silent.discovery.stop();

  const answering = discover(target, { lastKnown });
  answering.discovery.start();
  (await registry.watched(2)).sets.set(lists("10.0.0.9:1"));
  assert.deepEqual(await answering.next(), ["10.0.0.9:1"], "nothing stale is told before it");
  answering.discovery.stop();
});

test("the last known set of a target is there for the next client of the process, for no other target", async () => {
  const registry = new Registry("td-process");
  const first = discover(parseTargetUrl("td-process:///h2:1,h1:1?key=order"), { lastKnown: undefined });
  first.discovery.start();
  (await registry.watched()).sets.set(lists("10.0.0.1:1"));
  await first.next();
  first.discovery.stop();

  const again = discover(parseTargetUrl("td-process:///h1:1,h2:1?key=order"), { lastKnown: undefined });
  const other = discover(parseTargetUrl("td-process:///h1:1,h2:1?key=cart"), { lastKnown: undefined });
  for (const { discovery } of [again, other]) discovery.start();
  await registry.watched(3);
  for (const { options } of registry.watches) options.onTrouble!(new Error("away"));
  assert.deepEqual(await again.next(), ["10.0.0.1:1"]);
  assert.equal(other.discovery.status.listed, undefined);
  for (const { discovery } of [again, other]) discovery.stop();
});

test("a set that is only remembered is not kept as if the registry had said it again", async () => {
  const registry = new Registry("td-kept");
  const kept: KnownSet[] = [];
  const known: KnownSet = {
    instances: [{ instance: { address: "10.0.0.1:1" }, addresses: [{ host: "10.0.0.1", port: 1 }] }],
    at: 1,
  };
  const store: LastKnownSets = { find: async () => known, keep: (_target, set) => void kept.push(set) };
  const { discovery, next } = discover(parseTargetUrl("td-kept:///h:1?key=order"), { lastKnown: store });
  discovery.start();
  const { options, sets } = await registry.watched();
  options.onTrouble!(new Error("away"));
  await next();
  assert.equal(kept.length, 0);
  sets.set(lists("10.0.0.2:1"));
  await next();
  assert.deepEqual(
    kept.map(({ instances }) => instances[0]!.instance.address),
    ["10.0.0.2:1"],
  );
  discovery.stop();
});

test("a set that was only remembered becomes the registry's word when the registry lists the same", async () => {
  const registry = new Registry("td-same");
  const kept: KnownSet[] = [];
  const known: KnownSet = {
    instances: [{ instance: { address: "10.0.0.1:1" }, addresses: [{ host: "10.0.0.1", port: 1 }] }],
    at: 1,
    unconfirmed: true,
  };
  const store: LastKnownSets = { find: async () => known, keep: (_target, set) => void kept.push(set) };
  const { discovery, next } = discover(parseTargetUrl("td-same:///h:1?key=order"), { lastKnown: store });
  discovery.start();
  const { options, sets } = await registry.watched();
  options.onTrouble!(new Error("away"));
  assert.deepEqual(await next(), ["10.0.0.1:1 unconfirmed"]);
  assert.equal(discovery.status.source, "snapshot");
  options.onTrouble!(undefined);
  sets.set(lists("10.0.0.1:1"));
  assert.deepEqual(await next(), ["10.0.0.1:1"], "nobody is asked any more who it is");
  assert.equal(discovery.status.source, "registry");
  assert.equal(kept.length, 1, "and its age is that of this answer");
  discovery.stop();
});

test("a set that stays as it is keeps its age young while the registry is heard, and no longer", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const registry = new Registry("td-stable");
  const kept: KnownSet[] = [];
  const store: LastKnownSets = { find: () => undefined, keep: (_target, set) => void kept.push(set) };
  const { discovery, next } = discover(parseTargetUrl("td-stable:///h:1?key=order"), { lastKnown: store });
  discovery.start();
  const { options, sets } = await registry.watched();
  t.mock.timers.tick(3_600_000);
  assert.equal(kept.length, 0, "nothing is known yet");
  sets.set(lists("10.0.0.1:1"));
  await next();
  discovery.status.called.add("shop.Order");
  t.mock.timers.tick(3_600_000);
  assert.ok(kept.length > 1);
  assert.deepEqual(kept.at(-1)!.instances, kept[0]!.instances);
  assert.deepEqual(kept.at(-1)!.services, ["shop.Order"], "with what has been called since");
  const before = kept.length;
  options.onTrouble!(new Error("away"));
  t.mock.timers.tick(3_600_000);
  options.onTrouble!(undefined);
  discovery.stop();
  while (!options.signal.aborted) await new Promise(setImmediate);
  await new Promise(setImmediate);
  t.mock.timers.tick(3_600_000);
  assert.equal(kept.length, before, "nothing while it is away, nor after stop()");
});

for (const [what, find] of [
  ["fails", () => Promise.reject(new Error("EIO"))],
  ["hangs, as a disk of a network may,", () => new Promise<undefined>(() => {})],
] as const) {
  test(`a store that ${what} costs its set and nothing else`, async () => {
    const scheme = `td-${what.slice(0, 5)}`;
    const registry = new Registry(scheme);
    const store: LastKnownSets = { find, keep: () => {} };
    const { discovery, next } = discover(parseTargetUrl(`${scheme}:///h:1?key=order`), { lastKnown: store });
    discovery.start();
    (await registry.watched()).sets.set(lists("10.0.0.2:1"));
    assert.deepEqual(await next(), ["10.0.0.2:1"]);
    discovery.stop();
  });
}

test("what no retry can mend is told, and start() tries again", async () => {
  let attempts = 0;
  registerBackend("td-failing", async () => {
    attempts += 1;
    if (attempts === 1) throw new Error("its library is not installed");
    const sets = new Latest<readonly Instance[]>();
    sets.set([]);
    return { discovery: () => ({ watch: () => sets }) };
  });
  const { discovery, next } = discover(parseTargetUrl("td-failing:///h:1?key=order"));
  discovery.start();
  assert.match(String(await next()), /its library is not installed/);
  discovery.start();
  assert.deepEqual(await next(), []);
  assert.doesNotMatch(discovery.status.explain()!, /not installed/);
  discovery.stop();
});

test("a discovery runs in nobody's asynchronous context", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  registerBackend("td-context", {
    discovery: () => ({
      watch: (_service, { signal }) => {
        seen.push(storage.getStore());
        const sets = new Latest<readonly Instance[]>(signal);
        sets.set([]);
        return sets;
      },
    }),
  });
  const { discovery } = discover(parseTargetUrl("td-context:///h:1?key=order"), {
    onSet: () => seen.push(storage.getStore()),
  });
  storage.run("a request", () => discovery.start());
  while (seen.length < 2) await new Promise(setImmediate);
  assert.deepEqual(seen, [undefined, undefined]);
  discovery.stop();
});
