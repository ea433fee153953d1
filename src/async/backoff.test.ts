import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff, sleep } from "./backoff.js";

test("waits double up to the cap and never fall under half their ceiling", () => {
  const low = new Backoff({ initialMs: 100, maxMs: 1_000, random: () => 0 });
  assert.deepEqual(
    [low.next(), low.next(), low.next(), low.next(), low.next(), low.next()],
    [50, 100, 200, 400, 500, 500],
  );
  low.reset();
  assert.equal(low.next(), 50);
});

test("an abort wakes a sleeper", async () => {
  const abort = new AbortController();
  const slept = sleep(3_600_000, abort.signal);
  abort.abort();
  await slept;
  await sleep(3_600_000, abort.signal);
});
