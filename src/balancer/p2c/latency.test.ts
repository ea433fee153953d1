import assert from "node:assert/strict";
import { test } from "node:test";
import { USUAL_AS_CALLS } from "./constants.js";
import { Latency } from "./latency.js";
import { Pool } from "./pool.js";

/** A pool whose calls of one kind take 9 ms, and what one instance is expected to take in relation to that. */
function world() {
  const clock = { ms: 0 };
  const pool = new Pool(() => clock.ms);
  const kind = pool.kinds.of("/get");
  for (let i = 0; i < 100; i++) {
    pool.measure(9, kind);
    pool.learn(kind);
  }
  const latency = new Latency();
  const hear = (ms: number) => {
    clock.ms += 50;
    pool.tick();
    pool.measure(ms, kind);
    latency.learn(pool);
  };
  const expected = (afterMs = 0) => {
    clock.ms += afterMs;
    pool.tick();
    latency.expect(pool);
    return (latency.expected / pool.mean) ** 2;
  };
  return { pool, kind, latency, hear, expected };
}

test("what nothing is known of is expected to be like all", () => {
  assert.ok(Math.abs(world().expected() - 1) < 1e-9);
});

test("the second answer takes the place of the first, which is of cold code", () => {
  const { hear, expected } = world();
  hear(90);
  assert.ok(expected() > 2);
  hear(9);
  assert.ok(Math.abs(expected() - 1) < 1e-6);
});

test("what was slow just now is forgotten within seconds, what is slow always is not", () => {
  const { hear, expected } = world();
  for (let i = 0; i < 20; i++) hear(9);
  for (let i = 0; i < 3; i++) hear(54);
  assert.ok(expected() > 2);
  assert.ok(expected(3_000) < 1.7);
  for (let i = 0; i < 50; i++) hear(54);
  assert.ok(expected(3_000) > 2.5);
});

test("the more latencies vary, the less a slow answer counts", () => {
  const [calm, wild] = [world(), world()];
  for (const one of [calm, wild]) {
    for (let i = 0; i < 5; i++) one.hear(9);
    one.hear(120);
    one.pool.lean = USUAL_AS_CALLS * (one === wild ? 5 : 1);
  }
  const [wildly, calmly] = [wild.expected(), calm.expected()];
  assert.ok(wildly < 0.95 * calmly, `${wildly} and ${calmly}`);
});

test("calls without an answer grow heavy in relation to what such calls take, until any is answered", () => {
  const { pool, kind, latency, expected } = world();
  latency.await(pool, kind);
  assert.ok(expected(9) > 1.5);
  assert.ok(expected(90) > 20);
  latency.heard(pool);
  assert.ok(expected() < 1.01);
});

test("calls given up one after the other, with no answer between, are a silence that goes on; one alone is not", () => {
  const { pool, kind, latency, expected } = world();
  const giveUpAfter = (ms: number) => {
    latency.await(pool, kind);
    expected(ms);
    latency.gaveUp(pool, ms, kind.perMeanMs);
  };
  giveUpAfter(30);
  const one = expected();
  assert.ok(one < 1.01, `${one}`);
  for (let i = 0; i < 6; i++) giveUpAfter(30);
  const many = expected();
  assert.ok(many > 5, `${many}`);
  assert.ok(expected(60_000) < 1.01 * many, "what no call waits for grows no further");
  latency.heard(pool);
  assert.ok(expected() < 1.01, "an answer ends it");
});

test("calls that were given up together count as a silence too, and take no time from calls that began after it", () => {
  const { pool, kind, latency, expected } = world();
  const round = () => {
    for (let i = 0; i < 10; i++) latency.await(pool, kind);
    const before = expected(30);
    for (let i = 0; i < 10; i++) latency.gaveUp(pool, 30, kind.perMeanMs);
    return before;
  };
  const [first, second] = [round(), round()];
  assert.ok(second >= first, `${second}, as heavy as ${first}`);
  assert.ok(expected() > 5, "it goes on when they are given up");
});
