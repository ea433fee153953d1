import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { LONGEST_TIMER_MS } from "./backoff.js";
import { holding } from "./hold.js";
import { systemTiming } from "./timing.js";

test("the system's timers are safe at any number: none fires before its time, and what is no time is none", async (t) => {
  const set = mock.method(globalThis, "setTimeout");
  t.after(() => set.mock.restore());
  for (const ms of [LONGEST_TIMER_MS + 1, 1e13, Number.POSITIVE_INFINITY]) {
    systemTiming.after(ms, () => assert.fail("too early"))();
    assert.equal(set.mock.calls.at(-1)!.arguments[1], LONGEST_TIMER_MS, String(ms));
  }
  for (const ms of [0, -1, Number.NEGATIVE_INFINITY, Number.NaN]) {
    await holding(new Promise<void>((resolve) => systemTiming.after(ms, resolve)));
  }
});

test("what is for the next turn comes in it, also where nothing else happens in the process", async (t) => {
  const set = mock.method(globalThis, "setImmediate");
  t.after(() => set.mock.restore());
  const came = new Promise<void>((resolve) => systemTiming.after(0, resolve));
  // Node looks at an immediate that has no hold only after some event: in a quiet process that may never come.
  assert.equal((set.mock.calls.at(-1)!.result as NodeJS.Immediate).hasRef(), true);
  await came;
});

test("no timer comes too early by the clock: who looks at what is due would find nothing, and wait once more", async () => {
  const lengths = Array.from({ length: 100 }, (_, at) => 1 + at * 0.37);
  const early = await holding(
    Promise.all(
      lengths.map((ms) => {
        const startedAt = systemTiming.now();
        return new Promise<number>((resolve) => {
          systemTiming.after(ms, () => resolve(startedAt + ms - systemTiming.now()));
        });
      }),
    ),
  );
  assert.deepEqual(
    early.filter((ms) => ms > 0),
    [],
  );
});
