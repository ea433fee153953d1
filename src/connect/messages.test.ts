import assert from "node:assert/strict";
import { test } from "node:test";
import { Messages } from "./messages.js";

async function* words() {
  for (const word of ["one", "two", "three", "four"]) yield word;
}

async function next(attempt: AsyncIterator<string>, count: number): Promise<string[]> {
  const read: string[] = [];
  for (let i = 0; i < count; i++) read.push((await attempt.next()).value);
  return read;
}

test("a second attempt that is answered before it has sent what the first one had sends all of it", async () => {
  const messages = new Messages(words());
  await next(messages.attempt()[Symbol.asyncIterator](), 3);
  assert.ok(messages.replayable);
  const second = messages.attempt()[Symbol.asyncIterator]();
  assert.deepEqual(await next(second, 1), ["one"]);
  messages.forget();
  assert.deepEqual(await next(second, 3), ["two", "three", "four"]);
  assert.equal((await second.next()).done, true);
});

test("beyond so many messages there is no second attempt", async () => {
  async function* numbers() {
    for (let i = 0; ; i++) yield String(i);
  }
  const messages = new Messages(numbers());
  const first = messages.attempt()[Symbol.asyncIterator]();
  assert.equal((await next(first, 16)).at(-1), "15");
  assert.ok(messages.replayable);
  assert.deepEqual(await next(first, 2), ["16", "17"]);
  assert.ok(!messages.replayable);
});
