import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { stall } from "../testing/stall.js";
import { endsWithin } from "./time-limit.js";

const forever = new Promise(() => {});

test("a limit is safe at any number: a long one is not over at once, and what is no time is over", async () => {
  for (const ms of [2 ** 31, 1e13, Number.POSITIVE_INFINITY]) {
    const soon = new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await endsWithin(soon, ms), true, String(ms));
  }
  for (const ms of [0, -1, Number.NaN]) assert.equal(await endsWithin(forever, ms), false, String(ms));
});

test("what fails within its time fails so, and what it does later is the caller's", async () => {
  await assert.rejects(endsWithin(Promise.reject(new Error("broken")), 1_000), /broken/);
  assert.equal(await endsWithin(forever, 1), false);
});

test("an answer that lies there unread is in time, however long this process was busy", async () => {
  await immediate(); // timers come next
  const answered = endsWithin(stat("."), 5);
  stall(50);
  assert.equal(await answered, true);
});

test("a question that a busy process could not even write is given time for its answer", async () => {
  // Written in the next turn, and answered a round trip later.
  const answered = new Promise((resolve) => {
    setImmediate(() =>
      stat(".")
        .then(() => stat("."))
        .then(resolve),
    );
  });
  const inTime = endsWithin(answered, 200);
  stall(300);
  assert.equal(await inTime, true);
});
