import assert from "node:assert/strict";
import { test } from "node:test";
import { setLogger, setLogLevel } from "../log.js";
import { parseTargetUrl } from "../target/parse.js";
import { failingOs } from "../testing/failing-os.js";
import { discover, lists, WatchedRegistry } from "../testing/watched-registry.js";
import { type KnownSet, keptOnDisk, type LastKnownSets, RememberedSets } from "./last-known.js";

test("stopped and started again while the registry is away, it starts from the last known set, of the same discovery", async () => {
  const registry = new WatchedRegistry("td-idle");
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
  const registry = new WatchedRegistry("td-silent");
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
  const registry = new WatchedRegistry("td-process");
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
  const registry = new WatchedRegistry("td-kept");
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
  const registry = new WatchedRegistry("td-same");
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
  const registry = new WatchedRegistry("td-stable");
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
    const registry = new WatchedRegistry(scheme);
    const store: LastKnownSets = { find, keep: () => {} };
    const { discovery, next } = discover(parseTargetUrl(`${scheme}:///h:1?key=order`), { lastKnown: store });
    discovery.start();
    (await registry.watched()).sets.set(lists("10.0.0.2:1"));
    assert.deepEqual(await next(), ["10.0.0.2:1"]);
    discovery.stop();
  });
}

test("without a home folder, and without another one for snapshots, one warning says so and the client goes on", async (t) => {
  const { ROLLCALL_SNAPSHOT_DIR, XDG_CACHE_HOME } = process.env;
  Object.assign(process.env, { ROLLCALL_SNAPSHOT_DIR: "", XDG_CACHE_HOME: "" });
  failingOs(t, "homedir");
  const warnings: string[] = [];
  setLogger({ debug() {}, info() {}, error() {}, warn: (_facts, message) => void warnings.push(message) });
  t.after(() => {
    setLogLevel("silent");
    for (const [name, value] of Object.entries({ ROLLCALL_SNAPSHOT_DIR, XDG_CACHE_HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const store = keptOnDisk({ maxAgeMs: 1 });
  const target = { scheme: "td-homeless", hosts: [], service: "order", params: {} };
  const set = { instances: [{ instance: { address: "10.0.0.1:1" }, addresses: [] }], at: Date.now() };
  store.keep(target, set);
  assert.equal(await store.find(target), set);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /snapshots cannot be kept: this user has no home folder; set Snapshot\.Dir or/);
});
