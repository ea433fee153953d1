import assert from "node:assert/strict";
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
