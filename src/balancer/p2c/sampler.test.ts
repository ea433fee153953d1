import assert from "node:assert/strict";
import { test } from "node:test";
import { Sampler } from "./sampler.js";

test("indexes are drawn in proportion to the weights", () => {
  for (const weights of [[1], [1, 1, 1], [5, 1, 0.5, 3], [1e-6, 1, 1e6]]) {
    const sampler = new Sampler(weights);
    const counts = weights.map(() => 0);
    const draws = 100_000;
    for (let i = 0; i < draws; i++) counts[sampler.index((i + 0.5) / draws)]! += 1;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, i) => {
      assert.ok(Math.abs(counts[i]! / draws - weight / total) < 0.001, `${counts} for ${weights}`);
    });
  }
});
