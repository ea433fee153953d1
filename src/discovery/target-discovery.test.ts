import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { Latest } from "../async/latest.js";
import { registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { parseTargetUrl } from "../target/parse.js";
import { discover, lists, WatchedRegistry } from "../testing/watched-registry.js";
import { RememberedSets } from "./last-known.js";

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
  const busyUntil = performance.now() + 400;
  while (performance.now() < busyUntil);
  await new Promise((resolve) => setTimeout(resolve, 5)); // a few round trips
  sets.set(lists("10.0.0.2:1"));
  assert.deepEqual(await second.next(), ["10.0.0.2:1"]);
  second.discovery.stop();
});

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
