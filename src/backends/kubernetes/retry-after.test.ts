import assert from "node:assert/strict";
import { test } from "node:test";
import { politeWait, readRetryAfter } from "./retry-after.js";

test("Retry-After is read as seconds or as a date; nonsense and the past ask for nothing", () => {
  const now = Date.parse("2030-01-01T00:00:00Z");
  for (const [header, ms] of [
    ["7", 7_000],
    [" 0 ", 0],
    ["Tue, 01 Jan 2030 00:00:30 GMT", 30_000],
    ["Mon, 31 Dec 2029 23:59:00 GMT", 0],
    ["soon", 0],
    ["-5", 0],
    ["1e3", 0],
    ["", 0],
    [undefined, 0],
  ] as const) {
    assert.equal(readRetryAfter(header, now), ms, String(header));
  }
});

test("a wait that a server asks for has a ceiling and is spread, whatever the number", () => {
  assert.equal(
    politeWait(5_000, () => 0),
    5_000,
  );
  assert.equal(
    politeWait(5_000, () => 1),
    6_000,
  );
  for (const absurd of [86_400_000, 1e13, Number.POSITIVE_INFINITY]) {
    assert.equal(
      politeWait(absurd, () => 0),
      60_000,
    );
  }
  for (const nothing of [0, -1, Number.NaN]) assert.equal(politeWait(nothing), 0);
});
