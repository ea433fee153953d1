import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff, LONGEST_TIMER_MS, sleep, timerMs } from "./backoff.js";

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

test("full jitter draws between nothing and the ceiling", () => {
  const options = { initialMs: 1_000, maxMs: 60_000, jitter: "full" } as const;
  const low = new Backoff({ ...options, random: () => 0 });
  const high = new Backoff({ ...options, random: () => 1 });
  for (const ceiling of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    assert.deepEqual([low.next(), high.next()], [0, ceiling]);
  }
});

test("a timer is safe at any number from outside", async () => {
  for (const none of [Number.NaN, -1, Number.NEGATIVE_INFINITY, 0]) assert.equal(timerMs(none), 0);
  for (const long of [2 ** 31, 1e10, Number.POSITIVE_INFINITY]) assert.equal(timerMs(long), LONGEST_TIMER_MS);
  assert.equal(timerMs(1.5), 1.5);
  const abort = new AbortController();
  let woken = false;
  const slept = sleep(1e12, abort.signal).then(() => {
    woken = true;
  });
  await sleep(5);
  assert.equal(woken, false, "a number that overflows does not wake at once");
  abort.abort();
  await slept;
});
