import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { farEnding } from "./far-ending.js";

function codeAfter(elapsedMs: number, timeout: string | undefined, code = status.CANCELLED): status {
  const sent = new Metadata();
  if (timeout !== undefined) sent.set("grpc-timeout", timeout);
  return farEnding({ code, details: "", metadata: new Metadata() }, sent, elapsedMs).code;
}

test("CANCELLED by the server at the deadline or after it is DEADLINE_EXCEEDED", () => {
  for (const [elapsedMs, timeout] of [
    [2_000, "2000m"],
    [1_995, "2S"],
    [70_000, "1M"],
    [3_600_001, "1H"],
  ] as const) {
    assert.equal(codeAfter(elapsedMs, timeout), status.DEADLINE_EXCEEDED, timeout);
  }
});

test("CANCELLED before the deadline, or without one, and every other status stay as they are", () => {
  assert.equal(codeAfter(1_000, "2000m"), status.CANCELLED);
  assert.equal(codeAfter(1_000_000, undefined), status.CANCELLED);
  assert.equal(codeAfter(3_000, "2000m", status.UNAVAILABLE), status.UNAVAILABLE);
  assert.equal(codeAfter(3_000, "2000m", status.OK), status.OK);
});
