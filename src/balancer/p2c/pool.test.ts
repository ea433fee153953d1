import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "./pool.js";

test("what latencies are compared with stays where it is while calls of several kinds go on for days", () => {
  const pool = new Pool(() => 0);
  const kinds = ["/fast", "/slow"].map((name) => pool.kinds.of(name));
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed + 1) / 2 ** 32;
  };
  const answer = (times: number) => {
    for (let i = 0; i < times; i++) {
      const slow = i % 2;
      const kind = kinds[slow]!;
      pool.measure(-Math.log(random()) * (slow ? 100 : 5), kind);
      pool.learn(kind);
    }
  };
  answer(10_000);
  const before = pool.mean;
  answer(1_000_000);
  // A mean over a hundred calls is never still.
  assert.ok(pool.mean > before / 1.5 && pool.mean < before * 1.5, `${before} became ${pool.mean}`);
});

test("when calls of all kinds take twice as long, an instance that does so is as usual again", () => {
  const pool = new Pool(() => 0);
  const kinds = ["/fast", "/slow"].map((name) => pool.kinds.of(name));
  const answer = (times: number) => {
    for (let i = 0; i < 2_000; i++) {
      const slow = i % 2;
      pool.measure((slow ? 100 : 5) * times, kinds[slow]!);
      pool.learn(kinds[slow]!);
    }
  };
  answer(1);
  const before = pool.mean;
  answer(4);
  // Latencies count as roots.
  assert.ok(Math.abs(pool.mean / before - 2) < 0.1, `${before} became ${pool.mean}`);
});
