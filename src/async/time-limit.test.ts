import assert from "node:assert/strict";
import { test } from "node:test";
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
