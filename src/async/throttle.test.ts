import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setLogger, setLogLevel } from "../log.js";
import { Throttle } from "./throttle.js";

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
