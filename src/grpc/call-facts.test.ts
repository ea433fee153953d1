import assert from "node:assert/strict";
import { test } from "node:test";
import { CallHistory } from "./call-facts.js";

/** Of a call that may be attempted three times, and has been twice. */
function attemptedTwice(): CallHistory {
  const history = new CallHistory();
  history.mostAttempts = 3;
  for (const instance of ["a", "b"]) {
    history.tries(instance);
    history.start();
  }
  return history;
}

test("two copies of a call that are picked for before either starts are no more attempts than are allowed", () => {
  const history = attemptedTwice();
  assert.equal(history.isUsedUp, false);
  history.tries("c");
  assert.equal(history.isUsedUp, true, "the other copy may not be picked for");
  history.start();
  assert.deepEqual([history.started, history.isUsedUp], [3, true]);
});

test("a pick of which no attempt comes gives it back in the next turn", async () => {
  const history = attemptedTwice();
  history.tries("c");
  await new Promise(setImmediate);
  assert.equal(history.isUsedUp, false);
});
