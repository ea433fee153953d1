import assert from "node:assert/strict";
import { test } from "node:test";
import {
  goodput,
  overload,
  retryingSides,
  type Side,
  STORM,
  sides,
  storm,
} from "../../bench/sim/scenarios/overload.js";
import type { Scenario } from "../../bench/sim/scenarios/scenario.js";
import { same } from "../../bench/sim/scenarios/scenarios.js";

// In virtual time and from a fixed seed that no setting was chosen by: the same at every run, however busy the machine.
const SEED = 2026;
/** Calls a second that the servers can do: a quarter of the fleet of the tables. */
const MOST = 2_000;
const small = (scenario: Scenario): Scenario => ({ ...scenario, servers: 5, rates: same(3, MOST) });
const shed = sides["shedding and pushback"]!;

for (const load of [1.2, 2, 3]) {
  test(`at ${load} times what servers can do, nine tenths of that are answered in time; without shedding not one in four`, () => {
    const good = (side: Side) => goodput(small(overload(load)), side, SEED, 5_000, 15_000);
    const { perSecond, p99Ms } = good(shed);
    assert.ok(perSecond >= 0.9 * MOST, `${perSecond} of ${MOST}`);
    assert.ok(p99Ms < 250, `${p99Ms} ms`);
    assert.ok(good(sides.neither!).perSecond < 0.25 * MOST);
  });
}

test("at three quarters of what servers can do nothing is refused", () => {
  const { share } = goodput(small(overload(0.75)), shed, SEED, 5_000, 15_000);
  assert.equal(share, 1);
});

test("a retry storm goes on without a budget and ends with one; with shedding it ends at once", () => {
  const recovery = (side: string) =>
    goodput(small(storm), retryingSides[side]!, SEED, STORM.to, STORM.end).recoveryMs ?? Number.POSITIVE_INFINITY;
  assert.equal(recovery("3 attempts"), Number.POSITIVE_INFINITY);
  assert.ok(recovery("3 attempts, budget") < 15_000);
  assert.ok(recovery("3 attempts, budget, shedding and pushback") <= 500);
});
