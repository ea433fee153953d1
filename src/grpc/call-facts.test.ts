import assert from "node:assert/strict";
import { test } from "node:test";
import { CallFacts, CallHistory } from "./call-facts.js";

/** Both copies of a call that may be attempted three times, and has been twice. */
function attemptedTwice() {
  const history = new CallHistory();
  history.mostAttempts = 3;
  const first = new CallFacts("/a/b", { history, retried: true });
  const second = new CallFacts("/a/b", { history, retried: false });
  for (const instance of ["a", "b"]) {
    first.tries(instance);
    first.start();
  }
  return { history, first, second };
}

test("two copies of a call that are picked for before either starts are no more attempts than are allowed", () => {
  const { history, first, second } = attemptedTwice();
  assert.equal(first.isUsedUp, false);
  second.tries("c");
  assert.equal(first.isUsedUp, true, "the other copy may not be picked for");
  second.start();
  assert.deepEqual([history.started, first.isUsedUp, second.isUsedUp], [3, true, true]);
});

test("so they are when the credentials of one take their time", async () => {
  const { first, second } = attemptedTwice();
  second.tries("c");
  await new Promise(setImmediate);
  assert.equal(first.isUsedUp, true);
});

test("a copy that is picked for once more, because its connection has just gone, is one attempt", () => {
  const { history, first } = attemptedTwice();
  first.tries("c");
  assert.equal(first.isUsedUp, false);
  first.tries("d");
  first.start();
  assert.deepEqual([history.started, history.starting, first.isUsedUp], [3, 0, true]);
});
