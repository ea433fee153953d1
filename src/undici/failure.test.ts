import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "./failure.js";

const failed = (code: string, more: object = {}) => Object.assign(new Error(code), { code }, more);
const before = { started: false, answered: false, aborted: false, body: undefined };
const after = { ...before, started: true };
const refused = failed("ERR_HTTP2_STREAM_ERROR", { message: "Stream closed with error code NGHTTP2_REFUSED_STREAM" });

test("a request that has not begun is made elsewhere, in whatever way its connection did not come about", () => {
  for (const code of ["ECONNREFUSED", "ECONNRESET", "DEPTH_ZERO_SELF_SIGNED_CERT", "UND_ERR_CONNECT_TIMEOUT"]) {
    assert.deepEqual(failureOf(failed(code), before), { outcome: "failure", timedOut: false, elsewhere: true });
    assert.deepEqual(failureOf(failed(code), after), { outcome: "failure", timedOut: false, elsewhere: false });
  }
});

test("an abort says nothing whatever its reason is, unless that is a time that ran out before there was an answer", () => {
  for (const reason of [new Error("mine"), "text", 5, null, undefined, {}]) {
    const { outcome, elsewhere } = failureOf(reason, { ...after, aborted: true });
    assert.deepEqual([outcome, elsewhere], ["ignore", false]);
    assert.equal(failureOf(reason, { ...before, aborted: true }).elsewhere, false);
  }
  const late = failureOf(new DOMException("late", "TimeoutError"), { ...after, aborted: true });
  assert.deepEqual(late, { outcome: "failure", timedOut: true, elsewhere: false });
  const lasting = failureOf(new DOMException("late", "TimeoutError"), { ...after, answered: true, aborted: true });
  assert.deepEqual(lasting, { outcome: "ignore", timedOut: true, elsewhere: false });
  const silent = failureOf(failed("UND_ERR_BODY_TIMEOUT", { name: "BodyTimeoutError" }), { ...after, answered: true });
  assert.deepEqual(silent, { outcome: "failure", timedOut: true, elsewhere: false });
});

test("a stream that was refused unprocessed is made elsewhere while its body is at hand, and is the instance's doing", () => {
  for (const body of [undefined, null, "text", Buffer.from("text"), new Uint8Array(4)]) {
    const said = failureOf(refused, { ...after, body });
    assert.deepEqual(said, { outcome: "failure", timedOut: false, elsewhere: true });
  }
  const consumed = failureOf(refused, { ...after, body: { errored: refused } });
  assert.deepEqual(consumed, { outcome: "failure", timedOut: false, elsewhere: false });
  assert.equal(failureOf(refused, { ...after, answered: true }).elsewhere, false);
  for (const code of ["ERR_HTTP2_STREAM_ERROR", "ERR_HTTP2_INVALID_SESSION", "UND_ERR_CONNECT_TIMEOUT"]) {
    assert.equal(failureOf(failed(code, { syscall: "connect" }), after).elsewhere, false);
  }
});

test("what undici refuses is the caller's doing and is made nowhere else", () => {
  for (const code of ["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED", "UND_ERR_DESTROYED"]) {
    assert.deepEqual(failureOf(failed(code), before), { outcome: "ignore", timedOut: false, elsewhere: false });
  }
});

test("a body's own error is the caller's doing, that of the connection is not, though undici ends the body with it", () => {
  const own = new Error("disk");
  assert.equal(failureOf(own, { ...after, body: { errored: own } }).outcome, "ignore");
  assert.equal(failureOf(own, { ...before, body: { errored: own } }).elsewhere, false);
  for (const lost of [failed("UND_ERR_SOCKET"), failed("ECONNRESET", { syscall: "read" })]) {
    assert.equal(failureOf(lost, { ...after, body: { errored: lost } }).outcome, "failure");
  }
});
