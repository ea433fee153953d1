import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Durations } from "./durations.js";

test("of none there is nothing to say", () => {
  const none = new Durations();
  assert.deepEqual([none.count, none.mean, none.quantile(0.99)], [0, 0, 0]);
});

for (const [growth, error] of [
  [1.02, 0.0101],
  [1.25, 0.119],
] as const) {
  test(`quantiles of classes that grow by ${growth} are right within ${error}, the mean is exact`, () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.02, max: 1e6, noNaN: true }), { minLength: 1 }), (given) => {
        const durations = new Durations(growth);
        for (const ms of given) durations.add(ms);
        const sorted = [...given].sort((a, b) => a - b);
        assert.equal(durations.count, given.length);
        assert.ok(Math.abs(durations.mean / (given.reduce((sum, ms) => sum + ms, 0) / given.length) - 1) < 1e-9);
        for (const part of [0.5, 0.9, 0.99, 0.999, 1]) {
          const true_ = sorted[Math.max(1, Math.ceil(part * given.length)) - 1]!;
          assert.ok(
            Math.abs(durations.quantile(part) / true_ - 1) <= error,
            `${durations.quantile(part)} for ${true_}`,
          );
        }
      }),
    );
  });
}

test("what is no duration does no harm", () => {
  const durations = new Durations();
  for (const ms of [Number.NaN, -5, Number.POSITIVE_INFINITY, 0]) durations.add(ms);
  assert.equal(durations.count, 4);
  assert.ok(Number.isFinite(durations.mean) && Number.isFinite(durations.quantile(1)));
  durations.clear();
  assert.equal(durations.count, 0);
});
