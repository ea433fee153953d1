import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Latest } from "./latest.js";

test("a slow reader sees the newest value only", async () => {
  const latest = new Latest<number>();
  latest.set(1);
  latest.set(2);
  const reader = latest[Symbol.asyncIterator]();
  assert.deepEqual(await reader.next(), { value: 2, done: false });
  const pending = reader.next();
  latest.set(3);
  assert.deepEqual(await pending, { value: 3, done: false });
});

test("an abort ends the iteration, also while the reader waits", async () => {
  const abort = new AbortController();
  const latest = new Latest<number>(abort.signal);
  const pending = latest[Symbol.asyncIterator]().next();
  abort.abort();
  assert.equal((await pending).done, true);
  assert.equal((await new Latest<number>(abort.signal)[Symbol.asyncIterator]().next()).done, true);
});

test("a failure is thrown to the reader", async () => {
  const latest = new Latest<number>();
  latest.fail(new Error("no such key"));
  await assert.rejects(async () => latest[Symbol.asyncIterator]().next(), /no such key/);
});

test("a watch left by break leaves no listener on its signal, and ten watches of one signal warn of nothing", async (t) => {
  const warnings: string[] = [];
  const warn = (warning: Error) => void warnings.push(warning.name);
  process.on("warning", warn);
  t.after(() => process.off("warning", warn));
  const abort = new AbortController();
  const watches = Array.from({ length: 20 }, () => new Latest<number>(abort.signal));
  for (const watch of watches) {
    watch.set(1);
    for await (const value of watch) {
      assert.equal(value, 1);
      break;
    }
  }
  assert.equal(getEventListeners(abort.signal, "abort").length, 0);
  await new Promise(setImmediate); // warnings are emitted on the next tick
  assert.deepEqual(warnings, []);
});
