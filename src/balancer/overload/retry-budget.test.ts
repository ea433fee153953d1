import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryBudget } from "./retry-budget.js";

test("ten second attempts at once, and then one for ten calls that succeed", () => {
  const budget = new RetryBudget();
  const taken = (most: number) => Array.from({ length: most }, () => budget.take()).filter(Boolean).length;
  assert.equal(taken(100), 10);
  for (let i = 0; i < 55; i++) budget.succeeded();
  assert.equal(taken(100), 5);
  for (let i = 0; i < 10_000; i++) budget.succeeded();
  assert.equal(taken(100), 10);
});
