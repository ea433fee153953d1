import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Condition, Workers } from "../../bench/fleet/workers.js";

const two: Condition = { workers: 2, slower: 1, calls: "answered" };
const wanted = () => true;

/** A row of jobs of 10 ms each; what is done stands in the array returned. */
function start(workers: Workers, count: number, isWanted = wanted): number[] {
  const done: number[] = [];
  for (let i = 0; i < count; i++) workers.work(10, isWanted, () => done.push(i));
  return done;
}

function stopClock(t: TestContext): (ms: number) => void {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return (ms) => t.mock.timers.tick(ms);
}

test("as many calls are worked at as there are workers, the others wait their turn", (t) => {
  const pass = stopClock(t);
  const done = start(new Workers(two), 5);
  pass(10);
  assert.deepEqual(done, [0, 1]);
  pass(10);
  assert.deepEqual(done, [0, 1, 2, 3]);
  pass(10);
  assert.deepEqual(done, [0, 1, 2, 3, 4]);
});

test("a slow instance takes so many times as long, from the next call on", (t) => {
  const pass = stopClock(t);
  const workers = new Workers(two);
  const done = start(workers, 4);
  workers.become({ ...two, slower: 3 });
  pass(10);
  assert.deepEqual(done, [0, 1]);
  pass(29);
  assert.deepEqual(done, [0, 1]);
  pass(1);
  assert.deepEqual(done, [0, 1, 2, 3]);
});

test("work whose caller has gone is not begun", (t) => {
  const pass = stopClock(t);
  const workers = new Workers(two);
  const done = start(workers, 2);
  const given = start(workers, 3, () => false);
  const last = start(workers, 1);
  pass(10);
  pass(10);
  assert.deepEqual([done, given, last], [[0, 1], [], [0]]);
});

test("after clear() nothing of the old work ends, and new work begins at once", (t) => {
  const pass = stopClock(t);
  const workers = new Workers(two);
  const old = start(workers, 4);
  workers.clear();
  const fresh = start(workers, 2);
  pass(10);
  assert.deepEqual([old, fresh], [[], [0, 1]]);
});
