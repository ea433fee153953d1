import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { outcomeOf } from "./outcome.js";

test("what the caller caused never counts; what the instance or its connection caused does", () => {
  const failures = Object.entries(status)
    .filter(([, code]) => typeof code === "number" && outcomeOf(code) === "failure")
    .map(([name]) => name);
  assert.deepEqual(failures.sort(), [
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
  ]);
  assert.equal(outcomeOf(status.OK), "success");
  assert.equal(outcomeOf(status.CANCELLED), "ignore");
});

test("CANCELLED counts against an instance that ended the call itself; who ended it changes nothing else", () => {
  assert.equal(outcomeOf(status.CANCELLED, true), "failure");
  for (const code of Object.values(status).filter((code) => typeof code === "number" && code !== status.CANCELLED)) {
    assert.equal(outcomeOf(code as status, true), outcomeOf(code as status, false));
  }
});

test("a stream that was answered may last to its deadline; whatever else ends it counts as for other calls", () => {
  for (const code of Object.values(status).filter((code) => typeof code === "number")) {
    for (const byFarSide of [false, true]) {
      const expected = code === status.DEADLINE_EXCEEDED ? "ignore" : outcomeOf(code, byFarSide);
      assert.equal(outcomeOf(code, byFarSide, true), expected);
    }
  }
});

test("a code that gRPC does not know is a failure, as UNKNOWN is", () => {
  for (const code of [17, -1, 1.5, Number.NaN]) assert.equal(outcomeOf(code), "failure");
});
