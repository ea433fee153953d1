import assert from "node:assert/strict";
import { test } from "node:test";
import { Rates } from "./rates.js";

test("a rate is of the last ten seconds; the first sample tells none", () => {
  const rates = new Rates();
  assert.equal(rates.add("a", { calls: 1_000, failures: 10 }, 0), undefined);
  assert.deepEqual(rates.add("a", { calls: 1_100, failures: 20, totalMs: 1 }, 2_000), {
    callsPerSecond: 50,
    failureShare: 0.1,
    meanMs: undefined,
  });
  assert.equal(rates.add("a", { calls: 1_100, failures: 20 }, 10_000)!.callsPerSecond, 10);
  assert.equal(rates.add("a", { calls: 1_100, failures: 20 }, 13_000)!.callsPerSecond, 0);
});

test("latencies that are reported give a mean", () => {
  const rates = new Rates();
  rates.add("a", { calls: 10, failures: 0, totalMs: 100 }, 0);
  assert.equal(rates.add("a", { calls: 30, failures: 0, totalMs: 500 }, 1_000)!.meanMs, 20);
});

test("a counter that falls belongs to a process that has begun anew: nothing is negative", () => {
  const rates = new Rates();
  rates.add("a", { calls: 500, failures: 5 }, 0);
  assert.equal(rates.add("a", { calls: 3, failures: 0 }, 1_000), undefined);
  assert.equal(rates.add("a", { calls: 13, failures: 0 }, 2_000)!.callsPerSecond, 10);
});

test("a counter that nobody reports any more is forgotten", () => {
  const rates = new Rates();
  rates.add("a", { calls: 1, failures: 0 }, 0);
  rates.forgetBefore(1);
  assert.equal(rates.add("a", { calls: 2, failures: 0 }, 2), undefined);
});
