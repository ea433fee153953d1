import assert from "node:assert/strict";
import { test } from "node:test";
import { PingPace } from "./ping-pace.js";

const MINUTE = 60_000;

test("pings slow down at every complaint, to a ceiling that Go servers allow, and recover step by step", () => {
  let now = 0;
  const pace = new PingPace(7_000, () => now);
  const seen = Array.from({ length: 8 }, () => {
    pace.slowDown();
    return pace.intervalMs;
  });
  assert.deepEqual(seen, [14_000, 28_000, 56_000, 112_000, 224_000, 330_000, 330_000, 330_000]);
  assert.ok(seen.at(-1)! > 5 * MINUTE, "a ping every 5 minutes is what a Go server allows unless told otherwise");
  for (let hours = 0; hours < 24 * 10 && pace.intervalMs > 7_000; hours++) now += 60 * MINUTE;
  assert.equal(pace.intervalMs, 7_000);
});

test("a complaint soon after a recovery makes the next recovery wait longer", () => {
  let now = 0;
  const pace = new PingPace(7_000, () => now);
  const recovered = () => {
    const began = now;
    while (pace.intervalMs > 7_000) now += MINUTE;
    return now - began;
  };
  pace.slowDown();
  const first = recovered();
  pace.slowDown();
  assert.ok(recovered() > first);
});
