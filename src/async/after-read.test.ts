import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { ManualTiming } from "../testing/manual-timing.js";
import { stall } from "../testing/stall.js";
import { afterRead } from "./after-read.js";
import { holding } from "./hold.js";

/** When it is run, in milliseconds from the beginning; undefined where it is not. */
async function ranAt(
  limitMs: number,
  meanwhile: (timing: ManualTiming) => Promise<void> | void,
): Promise<number | undefined> {
  const timing = new ManualTiming();
  let at: number | undefined;
  afterRead(limitMs, () => (at = timing.now()), timing);
  await meanwhile(timing);
  await timing.advance(10_000);
  return at;
}

test("a limit is over when its time is", async () => {
  for (const ms of [0, 1, 300, 2_000]) assert.equal(await ranAt(ms, () => {}), ms);
});

test("what has arrived is read first, however late the timer comes in a busy process", async () => {
  await immediate(); // timers come next
  let stop = () => {};
  const late = new Promise<string>((resolve) => {
    stop = afterRead(30, () => resolve("not answered"));
  });
  // Told of by the same phase of the event loop as what a socket has received.
  const answered = stat(".").then(() => "answered");
  stall(35);
  assert.equal(await holding(Promise.race([answered, late])), "answered");
  stop();
});

test("after a stall there is time once for what takes several round trips, and no more than the limit gave", async () => {
  const stalling = (ms: number) => (timing: ManualTiming) => timing.stall(ms);
  assert.equal(await ranAt(2_000, stalling(3_000)), 3_250);
  assert.equal(await ranAt(100, stalling(3_000)), 3_100);
  assert.equal(await ranAt(2_000, stalling(2_001)), 2_001, "a timer that is a little late is no stall");
  const stalledTwice = async (timing: ManualTiming) => {
    timing.stall(3_000);
    await timing.advance(0);
    timing.stall(3_000);
  };
  assert.equal(await ranAt(2_000, stalledTwice), 6_000, "whoever stalls again and again comes to an end");
});

test("it can be stopped at any time", async () => {
  const timing = new ManualTiming();
  const fail = () => assert.fail("it is stopped");
  afterRead(1_000, fail, timing)();
  const stop = afterRead(1_000, fail, timing);
  timing.stall(2_000);
  await timing.advance(100);
  stop();
  await timing.advance(1_000);
});
