import assert from "node:assert/strict";
import { test } from "node:test";
import { P2cEwma } from "./p2c-ewma.js";

function balancer(keys: string[], options: { maxSetAside?: number; elsewhere?: number } = {}) {
  const at = { ms: 0 };
  const one = new P2cEwma<string>({ now: () => at.ms, ...(options.maxSetAside !== undefined && options) });
  one.set(keys, options.elsewhere);
  const node = (key: string) => one.nodes().find((each) => each.key === key)!;
  /** Who gets so many calls. */
  const picked = (calls = 200) => {
    const keysPicked = new Set<string>();
    for (let i = 0; i < calls; i++) {
      at.ms += 0.01;
      const chosen = one.pick()!;
      keysPicked.add(chosen.key);
      chosen.started();
      chosen.ended(1, true);
    }
    return [...keysPicked].sort().join("");
  };
  return { one, at, node, picked };
}

test("an instance that is full gets no calls for as long as it said, and then as many as the others", () => {
  const { one, at, node, picked } = balancer(["a", "b", "c", "d"]);
  assert.equal(node("b").setAside(100), true);
  assert.equal(one.setAside, 1);
  assert.equal(picked(), "acd");
  at.ms += 100;
  assert.equal(picked(), "abcd");
  assert.equal(one.setAside, 0);
  assert.equal(node("b").failureRate, 0);
});

test("at most half of the instances are set aside, and beyond that the word is ignored", () => {
  const { one, node, picked } = balancer(["a", "b", "c", "d", "e"]);
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => node(key).setAside(1_000)),
    [true, true, false, false],
  );
  assert.equal(picked(), "cde");
  assert.equal(one.mayBeSetAside, 0);
});

test("instances that their health has set aside count with those that are full", () => {
  const { node, picked } = balancer(["a", "b", "c"], { elsewhere: 1 });
  assert.equal(node("a").setAside(1_000), true);
  assert.equal(node("b").setAside(1_000), false);
  assert.equal(picked(), "bc");
  assert.equal(balancer(["a", "b"], { elsewhere: 2 }).node("a").setAside(1_000), false);
});

test("the share that may be set aside can be chosen, and one is always left", () => {
  const none = balancer(["a", "b"], { maxSetAside: 0 });
  assert.equal(none.node("a").setAside(1_000), false);
  const all = balancer(["a", "b", "c"], { maxSetAside: 1 });
  for (const key of ["a", "b", "c"]) all.node(key).setAside(1_000);
  assert.equal(all.picked(), "c");
});

test("where all are full it is known for how long, and a single instance may be full too", () => {
  const { one, at, node } = balancer(["a", "b"]);
  node("a").setAside(100);
  assert.equal(one.fullForMs, 0);
  node("b").setAside(50);
  assert.equal(one.fullForMs, 50);
  at.ms += 50;
  assert.equal(one.fullForMs, 0);

  const alone = balancer(["a"]);
  assert.equal(alone.node("a").setAside(20), false);
  assert.equal(alone.one.fullForMs, 20);
});

test("one that leaves, or a newcomer, changes who is full accordingly", () => {
  const { one, node, picked } = balancer(["a", "b"]);
  const gone = node("a");
  gone.setAside(1_000);
  one.set(["b", "c"]);
  assert.equal(one.setAside, 0);
  assert.equal(gone.setAside(1_000), false);
  assert.equal(picked(), "bc");
});

test("a wrong or endless time is no time", () => {
  const { one, at, node } = balancer(["a", "b"]);
  for (const ms of [Number.NaN, 0, -1]) assert.equal(node("a").setAside(ms), false);
  assert.equal(node("a").setAside(Number.POSITIVE_INFINITY), true);
  at.ms += 60_001;
  one.pick();
  assert.equal(one.setAside, 0);
});
