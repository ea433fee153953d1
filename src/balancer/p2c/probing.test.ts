import assert from "node:assert/strict";
import { test } from "node:test";
import { PROBE_MS, PROBE_PICKS } from "./constants.js";
import { Kind } from "./kinds.js";
import { Pool } from "./pool.js";
import { Probing } from "./probing.js";

/** After how many picks elsewhere, so many a second, an instance of two is tried again. */
function triedAfter(prepare: (one: Probing, pool: Pool) => void, picksPerSecond = 1_000): number {
  let ms = 0;
  const pool = new Pool(() => ms);
  pool.size = 2;
  pool.unit = 1;
  pool.mean = 1;
  pool.perMean = 1;
  const one = new Probing();
  one.setShare(2);
  prepare(one, pool);
  one.picked(pool);
  for (let picks = 1; picks < 10_000; picks++) {
    ms += 1_000 / picksPerSecond;
    pool.tick();
    pool.picks += 1;
    one.expect(pool);
    if (one.isOverdue(pool)) return picks;
  }
  return Number.POSITIVE_INFINITY;
}

const answering =
  (...roots: number[]) =>
  (one: Probing, pool: Pool) => {
    for (const root of roots) {
      pool.measured.compared = root;
      one.learn(pool);
    }
    one.price = roots.at(-1)! ** 2;
  };
const failing = (times: number, price: number) => (one: Probing) => {
  one.price = price;
  for (let i = 0; i < times; i++) one.judge(false, new Kind("/get"));
};

test("one that fails is tried once in 400 picks, and the more seldom the more its failures cost", () => {
  assert.equal(triedAfter(failing(5, 1)), PROBE_PICKS + 1);
  assert.equal(triedAfter(failing(5, 8)), 8 * PROBE_PICKS + 1);
});

test("a quiet client tries again in time", () => {
  const picks = triedAfter(failing(5, 8), 2);
  assert.ok(picks >= (PROBE_MS / 1_000) * 2 && picks < 120, `${picks} picks, two a second`);
});

test("one that was slow is tried again the sooner the less slow it was", () => {
  const mild = triedAfter(answering(1, 1, 1, 1.1));
  const slow = triedAfter(answering(1, 1, 1, 2));
  assert.ok(mild <= 5, `${mild}`);
  assert.ok(slow > 100, `${slow}`);
});

test("one slow first answer is soon asked for another", () => {
  const tried = triedAfter((one, pool) => {
    pool.measured.compared = 3;
    one.learn(pool);
  });
  assert.ok(tried < 30, `${tried}`);
});

test("one that is back is tried at once", () => {
  const pool = new Pool(() => 0);
  pool.size = 1;
  const back = new Probing();
  back.picked(pool);
  back.enter();
  assert.ok(back.isOverdue(pool));
});
