import assert from "node:assert/strict";
import { test } from "node:test";
import { callUntil, currentCall, runInCall } from "./call-context.js";

test("the time that is left of a call does not change when the clock is set while it runs", (t) => {
  const context = callUntil(performance.now() + 60_000);
  const trueNow = Date.now;
  for (const hours of [0, 3, -3]) {
    t.mock.method(Date, "now", () => trueNow() + hours * 3_600_000);
    const left = runInCall(context, () => currentCall()!.deadline) - Date.now();
    assert.ok(left > 0 && left <= 60_000, `${left} ms`);
  }
});

test("a call without a limit has no deadline, and outside of calls there is none", () => {
  assert.equal(callUntil(Number.POSITIVE_INFINITY).deadline, Number.POSITIVE_INFINITY);
  assert.equal(currentCall(), undefined);
});
