import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTiming } from "../../testing/manual-timing.js";
import { DialLimit, SLOW_DIAL_MS } from "./dial-limit.js";

function dials(limit: DialLimit, count: number, hasFailed = false) {
  let running = 0;
  const ends = Array.from({ length: count }, () =>
    limit.dial(() => {
      running += 1;
    }, hasFailed),
  );
  return { ends, started: () => running };
}

test("so many are dialled at a time, and each that is over lets in another", () => {
  const { ends, started } = dials(new DialLimit(new ManualTiming(), { first: 3, again: 1 }), 10);
  assert.equal(started(), 3);
  ends[0]!();
  ends[0]!();
  assert.equal(started(), 4);
  for (const end of ends.reverse()) end();
  assert.equal(started(), 4, "those that are not wanted any more are not dialled");
});

test("hosts that do not answer hold up nobody: a slow dial gives its place away", async () => {
  const timing = new ManualTiming();
  const { started, ends } = dials(new DialLimit(timing, { first: 3, again: 1 }), 9);
  await timing.advance(SLOW_DIAL_MS);
  assert.equal(started(), 6);
  ends[0]!();
  assert.equal(started(), 6, "its place has been given away already");
  await timing.advance(SLOW_DIAL_MS);
  assert.equal(started(), 9);
});

test("those that have failed keep their place to the end, and never that of one that has not", async () => {
  const timing = new ManualTiming();
  const limit = new DialLimit(timing, { first: 2, again: 1 });
  const again = dials(limit, 3, true);
  assert.equal(again.started(), 1);
  assert.equal(dials(limit, 1).started(), 1);
  await timing.advance(10 * SLOW_DIAL_MS);
  assert.equal(again.started(), 1);
  again.ends[0]!();
  assert.equal(again.started(), 2);
});
