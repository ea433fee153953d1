import assert from "node:assert/strict";
import { test } from "node:test";
import { trend } from "./trend.js";

/** Noise between -1 and 1 that is the same each time. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state / 2 ** 31) * 2 - 1;
  };
}

const samples = (value: (at: number) => number) => Array.from({ length: 200 }, (_, at) => [at, value(at)] as const);

test("what grows by a line under noise is found, and by how much", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = noise(seed);
    const { growth, atLeast } = trend(samples((at) => 100 + at * 0.1 + 5 * random()));
    assert.ok(growth > 16 && growth < 24, `${growth}`);
    assert.ok(atLeast > 10 && atLeast < growth, `${atLeast}`);
  }
});

test("what does not grow is not found to, noise, waves and slow wandering back and forth included", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = noise(seed);
    let last = 0;
    const wander = () => {
      last = 0.8 * last + random();
      return last;
    };
    for (const value of [() => 50 * random(), (at: number) => 50 * Math.sin(at / 3), wander]) {
      assert.ok(trend(samples(value)).atLeast < 0);
    }
  }
});

test("what stays as it is has no slope", () => {
  assert.deepEqual(trend(samples(() => 7)), { growth: 0, atLeast: 0 });
});
