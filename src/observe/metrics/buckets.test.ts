import assert from "node:assert/strict";
import { test } from "node:test";
import { Buckets } from "./buckets.js";

test("a value is counted in the first bucket whose bound it does not exceed, and above all bounds in the last", () => {
  const buckets = new Buckets([0, 1, 5]);
  for (const value of [0, 0.5, 1, 1.5, 5, 6, 1e9]) buckets.add(value);
  assert.deepEqual([...buckets.counts], [1, 2, 2, 2]);
  assert.equal(buckets.sum, 0.5 + 1 + 1.5 + 5 + 6 + 1e9);
});
