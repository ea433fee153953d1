import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { Latest } from "../async/latest.js";
import { registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { setLogger, setLogLevel } from "../log.js";
import { parseTargetUrl } from "../target/parse.js";
import { ManualTiming, settled } from "../testing/manual-timing.js";
import { stall } from "../testing/stall.js";
import { discover, lists, WatchedRegistry } from "../testing/watched-registry.js";
import { RememberedSets } from "./last-known.js";

type Sets = Latest<readonly Instance[]>;

test("a target's instances are told at first and at every change, and nothing after stop()", async () => {
  const registry = new WatchedRegistry("td-basic");
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

test("a registry that a stall of this process kept from answering is waited for, and no last known set used before", async () => {
  const registry = new WatchedRegistry("td-stall");
  const lastKnown = new RememberedSets();
  const target = parseTargetUrl("td-stall:///h:1?key=order");
  const first = discover(target, { lastKnown });
  first.discovery.start();
  (await registry.watched(1)).sets.set(lists("10.0.0.1:1"));
  assert.deepEqual(await first.next(), ["10.0.0.1:1"]);
  first.discovery.stop();

  const second = discover(target, { lastKnown });
  second.discovery.start();
  const { sets } = await registry.watched(2);
  stall(400);
  await new Promise((resolve) => setTimeout(resolve, 5)); // a few round trips
  sets.set(lists("10.0.0.2:1"));
  assert.deepEqual(await second.next(), ["10.0.0.2:1"]);
  second.discovery.stop();
});

test("a backend that cannot be had is told, and tried again by itself; who asks for it without pause changes nothing", async () => {
  const timing = new ManualTiming();
  let attempts = 0;
  registerBackend("td-failing", async () => {
    attempts += 1;
    if (attempts < 3) throw new Error("its library is not installed");
    const sets = new Latest<readonly Instance[]>();
    sets.set([]);
    return { discovery: () => ({ watch: () => sets }) };
  });
  const { discovery, next } = discover(parseTargetUrl("td-failing:///h:1?key=order"), { timing });
  discovery.start();
  for (let attempt = 1; attempt < 3; attempt++) {
    assert.match(String(await next()), /its library is not installed/);
    for (let calls = 0; calls < 100; calls++) discovery.start();
    await timing.advance(timing.nextIn! - 1);
    assert.equal(attempts, attempt);
    await timing.advance(1);
  }
  assert.deepEqual(await next(), []);
  assert.doesNotMatch(discovery.status.explain()!, /not installed/);
  discovery.stop();
});

test("a backend that has been had at last is no trouble any more, and its watch is retried as if nothing had failed before", async () => {
  const timing = new ManualTiming();
  let attempts = 0;
  const watches: Sets[] = [];
  registerBackend("td-late", async () => {
    attempts += 1;
    if (attempts < 4) throw new Error("its library is not installed");
    const watch = () => {
      watches.push(new Latest<readonly Instance[]>());
      return watches.at(-1)!;
    };
    return { discovery: () => ({ watch }) };
  });
  const { discovery, next } = discover(parseTargetUrl("td-late:///h:1?key=order"), { timing });
  discovery.start();
  for (let attempt = 1; attempt < 4; attempt++) {
    assert.match(String(await next()), /its library is not installed/);
    await timing.advance(timing.nextIn!);
  }
  while (watches.length < 1) await settled();
  assert.match(discovery.status.explain()!, /has not answered yet; check that it is reachable$/);
  watches[0]!.fail(new Error("reset"));
  assert.match(String(await next()), /reset$/);
  await timing.advance(1_500); // the first wait with its jitter
  assert.equal(watches.length, 2);
  discovery.stop();
});

for (const [how, break_, trouble] of [
  ["throws", (sets: Sets) => sets.fail(new Error("stream reset")), "stream reset"],
  ["ends by itself", (sets: Sets) => sets.end(), "the watch of td-throws h:1 has ended by itself"],
  ["yields what is no list", (sets: Sets) => sets.set(7 as never), "what its watch yields is 7; expected a list"],
] as const) {
  test(`a watch that ${how} is told and begun again, and meanwhile what is known stays in use`, async () => {
    const timing = new ManualTiming();
    const registry = new WatchedRegistry("td-throws");
    const { discovery, next, told } = discover(parseTargetUrl("td-throws:///h:1?key=order"), { timing });
    discovery.start();
    const first = await registry.watched();
    first.sets.set(lists("10.0.0.1:1"));
    assert.deepEqual(await next(), ["10.0.0.1:1"]);
    break_(first.sets);
    while (timing.nextIn === undefined) await settled();
    assert.match(discovery.status.trouble!.message, new RegExp(trouble));
    assert.equal(first.options.signal.aborted, true, "whatever it still holds is let go");
    first.options.onTrouble!(undefined);
    assert.match(discovery.status.trouble!.message, new RegExp(trouble), "the word of a watch that is over is none");
    discovery.start();
    await timing.advance(timing.nextIn! - 1);
    assert.equal(registry.watches.length, 1);
    await timing.advance(1);
    const second = await registry.watched(2);
    assert.match(discovery.status.trouble!.message, new RegExp(trouble), "it has not answered yet");
    assert.deepEqual(told, [], "whoever connects has heard nothing of it");
    second.sets.set(lists("10.0.0.1:1", "10.0.0.2:1"));
    assert.deepEqual(await next(), ["10.0.0.1:1", "10.0.0.2:1"]);
    assert.equal(discovery.status.trouble, undefined);
    assert.equal(registry.opened, 1);
    discovery.stop();
    assert.equal(second.options.signal.aborted, true);
    assert.equal(timing.nextIn, undefined);
  });
}

test("a watch that fails before it has said anything is told where nothing is known, else the last known set is used", async () => {
  const timing = new ManualTiming();
  const registry = new WatchedRegistry("td-early");
  const target = parseTargetUrl("td-early:///h:1?key=order");
  const fresh = discover(target, { timing });
  fresh.discovery.start();
  (await registry.watched(1)).sets.fail(new Error("no such key"));
  assert.match(String(await fresh.next()), /"order" are not known: td-early h:1 has not answered yet; no such key/);
  fresh.discovery.stop();

  const lastKnown = new RememberedSets();
  const [instance] = lists("10.0.0.1:1");
  const resolved = { instance: instance!, addresses: [{ host: "10.0.0.1", port: 1 }] };
  lastKnown.keep(target, { instances: [resolved], at: Date.now() });
  const known = discover(target, { timing, lastKnown });
  known.discovery.start();
  (await registry.watched(2)).sets.fail(new Error("no such key"));
  assert.deepEqual(await known.next(), ["10.0.0.1:1"]);
  assert.equal(known.discovery.status.source, "memory");
  assert.match(known.discovery.status.explain()!, /no such key/);
  known.discovery.stop();
});

test("a failing watch is logged once, until it has lasted or fails otherwise", async (t) => {
  const errors: string[] = [];
  const none = () => {};
  setLogger({
    debug: none,
    info: none,
    warn: none,
    error: (facts) => void errors.push((facts as { err: Error }).err.message),
  });
  t.after(() => setLogLevel("silent"));
  const timing = new ManualTiming();
  const registry = new WatchedRegistry("td-logged");
  const { discovery } = discover(parseTargetUrl("td-logged:///h:1?key=order"), { timing });
  discovery.start();
  for (const [index, why] of ["reset", "reset", "refused", "refused"].entries()) {
    const { sets } = await registry.watched(index + 1);
    sets.set([]);
    await settled();
    sets.fail(new Error(why));
    while (timing.nextIn === undefined) await settled();
    await timing.advance(timing.nextIn);
  }
  assert.deepEqual(errors, ["reset", "refused"]);
  const { sets } = await registry.watched(5);
  await timing.advance(60_000);
  sets.fail(new Error("refused"));
  while (timing.nextIn === undefined) await settled();
  assert.deepEqual(errors, ["reset", "refused", "refused"]);
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

test("whoever connects is handed the remembered set anew as soon as the registry, which was awaited, is in trouble", async () => {
  const registry = new WatchedRegistry("td-awaited");
  const target = parseTargetUrl("td-awaited:///h:1?key=order");
  const lastKnown = new RememberedSets();
  const first = discover(target, { lastKnown });
  first.discovery.start();
  (await registry.watched(1)).sets.set(lists("10.0.0.1:1"));
  await first.next();
  assert.equal(first.discovery.status.isAwaited, false);
  first.discovery.stop();

  const second = discover(target, { lastKnown });
  second.discovery.start();
  const { options } = await registry.watched(2);
  assert.deepEqual(await second.next(), ["10.0.0.1:1"]);
  assert.equal(second.discovery.status.isAwaited, true);
  options.onTrouble!(new Error("it is down"));
  assert.deepEqual([second.discovery.status.isAwaited, second.told], [false, [["10.0.0.1:1"]]]);
  options.onTrouble!(new Error("it is still down"));
  assert.equal(second.told.length, 1);
  second.discovery.stop();
});
