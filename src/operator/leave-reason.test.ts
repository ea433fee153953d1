import assert from "node:assert/strict";
import { test } from "node:test";
import { leaveReason } from "./leave-reason.js";

test("a leave says why where that can be known", () => {
  const lease = { grantedSeconds: 10, seenAt: 1_000 };
  for (const [ttlSeconds, now, reason] of [
    [9, 2_000, "stopped"],
    [1, 1_500, "expired"],
    [9, 10_000, "expired"],
  ] as const) {
    assert.equal(leaveReason({ ...lease, ttlSeconds }, now), reason);
  }
  assert.equal(leaveReason(undefined, 0), "deleted");
  assert.equal(leaveReason({ ...lease, ttlSeconds: undefined }, 2_000), undefined);
  assert.equal(leaveReason({ grantedSeconds: 2, ttlSeconds: 1, seenAt: 0 }, 500), undefined);
});
