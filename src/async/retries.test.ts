import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTiming } from "../testing/manual-timing.js";
import { Retries } from "./retries.js";

/** Attempts that fail until told otherwise, when they began, and which failure counted as the first in a row. */
function failing() {
  const timing = new ManualTiming();
  const retries = new Retries(timing);
  const abort = new AbortController();
  const begun: number[] = [];
  const firsts: boolean[] = [];
  const signals: AbortSignal[] = [];
  const told = { attempt: async (): Promise<void> => Promise.reject(new Error("no")) };
  const done = retries.run(
    abort.signal,
    (signal) => {
      signals.push(signal);
      begun.push(Math.round(timing.now() / 1_000));
      return told.attempt();
    },
    (_, first) => firsts.push(first),
  );
  return { timing, retries, abort, begun, firsts, signals, told, done };
}

test("what fails is tried again by itself, ever more slowly, until it succeeds", async () => {
  const { timing, begun, firsts, told, done } = failing();
  await timing.advance(100_000);
  assert.deepEqual(begun, [0, 1, 3, 7, 15, 31, 61, 91]);
  assert.deepEqual(firsts, [true, ...Array(7).fill(false)]);
  told.attempt = async () => {};
  await timing.advance(30_000);
  await done;
  assert.equal(begun.length, 9);
  assert.equal(timing.nextIn, undefined);
});

test("who needs it shortens a long wait and no short one, so that askers without pause are no attempts without pause", async () => {
  const { timing, retries, begun } = failing();
  for (let ms = 0; ms < 31_000; ms += 100) {
    retries.hurry();
    await timing.advance(100);
  }
  assert.deepEqual(begun, [0, 1, 3, 7, 12, 17, 22, 27]);
  await timing.advance(62_000);
  begun.splice(0);
  await timing.advance(20_000);
  assert.deepEqual(begun, [], "nobody needs it");
  retries.hurry();
  await timing.advance(1);
  assert.equal(begun.length, 1, "after a quiet time it is made at once");
});

test("an attempt that lasted begins the waits anew when it fails", async () => {
  const { timing, begun, firsts, told } = failing();
  await timing.advance(8_000);
  told.attempt = () => new Promise((_, reject) => timing.after(60_000, () => reject(new Error("lost"))));
  await timing.advance(7_500);
  begun.splice(0);
  firsts.splice(0);
  await timing.advance(62_000);
  assert.deepEqual([begun, firsts], [[76], [true]]);
});

test("an abort ends an attempt or a wait, and an attempt's own end its signal", async () => {
  for (const during of ["a wait", "an attempt"]) {
    const { timing, abort, begun, signals, told, done } = failing();
    await timing.advance(2_000);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true],
    );
    if (during === "an attempt") {
      told.attempt = () => new Promise((resolve) => signals.at(-1)!.addEventListener("abort", () => resolve()));
      await timing.advance(1_000);
      assert.equal(signals.at(-1)!.aborted, false);
    }
    abort.abort();
    await done;
    assert.equal(begun.length, during === "a wait" ? 2 : 3, during);
    assert.equal(timing.nextIn, undefined, during);
  }
});

test("whoever is told of a failure may end it all", async () => {
  const abort = new AbortController();
  const timing = new ManualTiming();
  const fail = async () => Promise.reject(new Error("no"));
  await new Retries(timing).run(abort.signal, fail, () => abort.abort());
  assert.equal(timing.nextIn, undefined);
});
