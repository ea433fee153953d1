import assert from "node:assert/strict";
import { test } from "node:test";
import { Failures } from "./failures.js";
import { Kind } from "./kinds.js";
import { Measurement } from "./measurement.js";

const after = (outcomes: string, price = 1, elsewhere = 0) => {
  const failures = new Failures();
  const kind = new Kind("/get");
  failures.price = price;
  kind.failing = elsewhere;
  for (const outcome of outcomes) failures.judge(outcome === "+", kind);
  return failures;
};

test("failures in a row weigh more than as many among successes, and successes in a row make good", () => {
  assert.ok(after("---").penalty > 10);
  assert.ok(after("-++-++-").penalty < after("---").penalty / 5);
  assert.equal(after("---++++++++").penalty, 1);
});

test("a failure that took long counts like several", () => {
  assert.ok(after("-", 8).penalty > 10);
  const price = (latencyMs: number, meanMs: number) => {
    const kind = new Kind("/get");
    if (meanMs > 0) {
      const measured = new Measurement();
      measured.take(meanMs, kind, { unit: 1 });
      kind.learn(measured);
    }
    const failures = new Failures();
    failures.spend(latencyMs, kind);
    return failures.price;
  };
  assert.equal(price(40, 0), 1);
  assert.equal(price(40, 300), 1);
  assert.equal(price(1e6, 10), 8);
});

test("a kind of call that fails everywhere says nothing of an instance", () => {
  assert.equal(after("-----", 1, 1).penalty, 1);
  assert.ok(after("--", 1, 0.9).penalty < after("--").penalty / 2);
});
