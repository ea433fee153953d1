import assert from "node:assert/strict";
import { test } from "node:test";
import { WorthWatch } from "./worth-watch.js";

const random = () => 0.5;

/** Copies that lose, each where a call would have been answered with this chance, until they are held to be useless. */
function losses(chance: number | undefined): number {
  const watch = new WorthWatch();
  let copies = 0;
  for (; !watch.useless && copies < 100; copies++) watch.learn(false, chance, random);
  return copies;
}

test("a copy that lost proves the more the likelier it was to win: three late ones suffice, twelve that had no time", () => {
  assert.equal(losses(0.99), 3);
  assert.equal(losses(1), 3);
  assert.equal(losses(0.5), 6);
  assert.equal(losses(0.01), 12);
  assert.equal(losses(0), 12);
});

test("a copy of a call that nobody answered has lost as well", () => {
  assert.equal(losses(undefined), 7);
});

test("where every second copy wins, they are never held to be useless", () => {
  const watch = new WorthWatch();
  for (let i = 0; i < 1_000; i++) {
    watch.learn(i % 2 === 0, 0.5, random);
    assert.equal(watch.useless, false);
  }
});

/** Calls until the next trial is due. */
function pause(watch: WorthWatch): number {
  let calls = 0;
  for (; !watch.trialDue; calls++) watch.called();
  return calls;
}

test("trials become rarer while they are lost; two in turn that win, the second one soon, are reason to go on", () => {
  const watch = new WorthWatch();
  const lost = () => watch.learn(false, 0.99, random);
  for (let i = 0; i < 3; i++) lost();
  const pauses: number[] = [];
  for (let i = 0; i < 5; i++) {
    pauses.push(pause(watch));
    watch.tried(random);
    lost();
  }
  assert.deepEqual(pauses, [300, 600, 1_200, 1_600, 1_600]);
  watch.learn(true, 0.99, random);
  assert.equal(watch.useless, true, "one may be luck");
  assert.equal(pause(watch), 20);
  watch.tried(random);
  watch.learn(true, 0.99, random);
  assert.equal(watch.useless, false);
  lost();
  lost();
  assert.equal(watch.useless, true, "with little patience left");
  assert.equal(pause(watch), 800);
});
