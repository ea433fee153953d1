import assert from "node:assert/strict";
import { test } from "node:test";
import { holding } from "../../async/hold.js";
import { stall } from "../../testing/stall.js";
import { onSilence } from "./silence.js";

test("a counter that stands still is silence, one that goes on is none", async () => {
  let counter = 0;
  const counting = setInterval(() => {
    counter += 1;
    if (counter === 20) clearInterval(counting);
  }, 1);
  await holding(new Promise<void>((resolve) => onSilence(30, () => counter, resolve)));
  assert.equal(counter, 20);
});

test("what a stall of this process kept from being asked, and hence from being answered, is no silence", async () => {
  let heard = 0;
  const silent = () => assert.fail("it is said to be silent");
  const stop = onSilence(200, () => heard, silent);
  stall(300);
  // Asked in the next turn, and answered a turn later.
  await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 1)));
  heard += 1;
  await new Promise((resolve) => setTimeout(resolve, 210));
  stop();
});
