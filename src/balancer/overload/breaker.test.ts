import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaker } from "./breaker.js";

const [OK, UNKNOWN, NOT_FOUND, INTERNAL] = [0, 2, 5, 13];

/** A breaker of which a test moves the clock; chance takes its values in turn from 0 to 1. */
function breaker() {
  const at = { ms: 0 };
  let draws = 0;
  const random = () => ((draws++ * 37) % 100) / 100;
  const one = new Breaker({ now: () => at.ms, random });
  /** Makes calls, 10 ms apart, that all end so; returns how many were made. */
  const call = (calls: number, code: number) => {
    let made = 0;
    for (let i = 0; i < calls; i++) {
      at.ms += 10;
      if (!one.allows()) one.dropped();
      else {
        made += 1;
        one.ended(code);
      }
    }
    return made;
  };
  return { one, at, call };
}

test("calls that succeed, or fail by their callers' fault, all pass", () => {
  const { call } = breaker();
  for (const code of [OK, UNKNOWN, NOT_FOUND]) assert.equal(call(500, code), 500);
});

test("a few failures say nothing", () => {
  assert.equal(breaker().call(5, INTERNAL), 5);
});

test("a third of failures is still let through", () => {
  const { call } = breaker();
  let made = 0;
  for (let i = 0; i < 300; i++) made += call(2, OK) + call(1, INTERNAL);
  assert.ok(made >= 890, `${made} of 900`);
});

test("where all calls fail most are dropped, and some always pass to find out", () => {
  const { call } = breaker();
  call(100, INTERNAL);
  const made = call(1_000, INTERNAL);
  assert.ok(made > 5 && made < 100, `${made} of 1,000`);
});

test("a call passes after a second without one", () => {
  const { one, at, call } = breaker();
  call(2_000, INTERNAL);
  for (let i = 0; i < 20; i++) {
    at.ms += 1_001;
    assert.ok(one.allows());
    for (let n = 0; n < 50; n++) one.dropped();
  }
});

test("once calls succeed again all of them pass within the window of ten seconds", () => {
  const { at, call } = breaker();
  call(1_000, INTERNAL);
  const from = at.ms;
  call(1_000, OK);
  assert.ok(at.ms - from <= 10_000);
  assert.equal(call(500, OK), 500);
});

test("after ten seconds without calls nothing is held against anybody", () => {
  const { at, call } = breaker();
  call(1_000, INTERNAL);
  at.ms += 10_001;
  assert.equal(call(5, INTERNAL), 5);
});

test("the chance to drop is go-zero's formula", () => {
  // 20 failures in one bucket: w = 1.5 - 0.4 / 40, r = (20 - 5) / 21, nothing works.
  const drawn = (value: number) => {
    const one = new Breaker({ now: () => 0, random: () => value });
    for (let i = 0; i < 20; i++) one.ended(INTERNAL);
    return one.allows();
  };
  assert.equal(drawn(15 / 21 - 0.001), false);
  assert.equal(drawn(15 / 21 + 0.001), true);
});
