import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "./constants.js";
import { P2cEwma } from "./p2c-ewma.js";

/** Share of the calls that one instance of five gets whose calls take ten times as long, one call at a time. */
function shareOfTheSlowOne(kinds: number): number {
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  let now = 0;
  const balancer = new P2cEwma<number>({ now: () => now, random });
  balancer.set([0, 1, 2, 3, 4]);
  const calls = 10_000;
  let slow = 0;
  for (let i = 0; i < calls; i++) {
    const kind = `/${Math.floor(random() * kinds)}`;
    const node = balancer.pick(undefined, kind)!;
    node.started(kind);
    const ms = -Math.log(1 - random()) * (node.key === 4 ? 100 : 10);
    now += ms;
    node.ended(ms, true, kind);
    if (node.key === 4) slow += 1;
  }
  return slow / calls;
}

test("a slow instance is found however many kinds of calls there are, names never seen twice included", () => {
  for (const kinds of [1, KINDS, 4 * KINDS, 5_000, 1e9]) {
    const share = shareOfTheSlowOne(kinds);
    assert.ok(share < 0.02, `${kinds} kinds: ${share}`);
  }
});
