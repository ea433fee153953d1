import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setLogger, setLogLevel } from "../log.js";
import { Latest } from "./latest.js";
import { Throttle, throttled } from "./throttle.js";

after(() => setLogLevel("silent"));

test("work asked for many times in one turn is done once, soon", async () => {
  let runs = 0;
  const throttle = new Throttle(() => {
    runs += 1;
  });
  for (let i = 0; i < 100; i++) throttle.ask();
  assert.equal(runs, 0);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.equal(runs, 1);
  throttle.ask();
  throttle.close();
  await new Promise(setImmediate);
  assert.equal(runs, 1, "after close nothing is done");
});

test("work that throws is reported, kills nothing, and is done again when asked for", async () => {
  const errors: string[] = [];
  const none = () => {};
  setLogger({ debug: none, info: none, warn: none, error: (_, message) => void errors.push(message) });
  let runs = 0;
  const throttle = new Throttle(() => {
    runs += 1;
    throw new Error("a mistake");
  });
  for (let i = 0; i < 2; i++) {
    throttle.ask();
    // After work that took long the next one waits.
    while (errors.length <= i) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.deepEqual([runs, errors.length], [2, 2]);
});

test("a reader whose work takes long is given the next value four times as long after, and then the newest", async () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let now = 0;
  const waits: { ms: number; run: () => void }[] = [];
  const timing = {
    now: () => now,
    after: (ms: number, run: () => void) => {
      waits.push({ ms, run });
      return () => {};
    },
  };
  const abort = new AbortController();
  const values = new Latest<number>(abort.signal);
  const read: number[] = [];
  const reading = (async () => {
    for await (const value of throttled(values, abort.signal, timing)) {
      read.push(value);
      now += value === 4 ? 0.1 : 10;
    }
  })();
  const give = async (...given: number[]) => {
    for (const value of given) {
      values.set(value);
      await turn();
    }
  };
  await give(1, 2, 3);
  assert.deepEqual(read, [1]);
  const [wait] = waits.splice(0);
  assert.equal(wait!.ms, 40);
  wait!.run();
  await turn();
  assert.deepEqual(read, [1, 3]);
  waits.splice(0)[0]!.run();
  await give(4, 5);
  assert.deepEqual(read, [1, 3, 4, 5], "after little work there is no wait");
  abort.abort();
  await reading; // also in the midst of a wait
});
