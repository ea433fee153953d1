import assert from "node:assert/strict";
import { test } from "node:test";
import { epochOffset } from "./wall-time.js";

test("moments stay comparable to a fraction of a millisecond, and follow a clock that is set forth and back", (t) => {
  assert.equal(epochOffset(), performance.timeOrigin);
  const now = Date.now;
  const hour = 3_600_000;
  const clock = t.mock.method(Date, "now", () => now() + hour);
  const later = epochOffset();
  assert.ok(Math.abs(later - performance.timeOrigin - hour) < 1_000);
  assert.equal(epochOffset(), later);
  clock.mock.restore();
  assert.ok(Math.abs(epochOffset() - performance.timeOrigin) < 1_000);
});
