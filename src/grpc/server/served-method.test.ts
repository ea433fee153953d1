import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { deadlineOf, endOfCancelled } from "./served-method.js";

const callWithin = (ms: number) => ({ getDeadline: () => Date.now() + ms });

function setClock(t: TestContext, hours: number): void {
  const now = Date.now;
  t.mock.method(Date, "now", () => now() + hours * 3_600_000);
}

for (const hours of [0, 3, -4]) {
  test(`a call that is given up long before its deadline was cancelled, whatever the clock does meanwhile: ${hours} h`, (t) => {
    const deadline = deadlineOf(callWithin(60_000));
    setClock(t, hours);
    assert.equal(endOfCancelled(deadline).code, grpc.status.CANCELLED);
  });

  test(`one that ends after its deadline has ended there: ${hours} h`, (t) => {
    const deadline = deadlineOf(callWithin(-1));
    setClock(t, hours);
    assert.equal(endOfCancelled(deadline).code, grpc.status.DEADLINE_EXCEEDED);
  });
}

test("a call without a deadline is never late", () => {
  assert.equal(deadlineOf({ getDeadline: () => Number.POSITIVE_INFINITY }), Number.POSITIVE_INFINITY);
});
