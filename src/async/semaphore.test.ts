import assert from "node:assert/strict";
import { test } from "node:test";
import { Semaphore } from "./semaphore.js";

test("no more tasks than the limit are under way, the others follow in order, failures free their place", async () => {
  let running = 0;
  let most = 0;
  const ended: number[] = [];
  const task = async (index: number) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    ended.push(index);
    if (index % 2) throw new Error("odd");
    return index;
  };
  const semaphore = new Semaphore(2);
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((index) => semaphore.run(() => task(index))));
  assert.equal(most, 2);
  assert.deepEqual(ended, [0, 1, 2, 3, 4]);
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value : "failed")),
    [0, "failed", 2, "failed", 4],
  );
});
