import assert from "node:assert/strict";
import { test } from "node:test";
import { balancerOf, names, sequence } from "../../testing/timed-balancer.js";
import type { Node } from "../index.js";

for (const n of [2, 3, 20]) {
  test(`one of ${n} that fails at once gets at most 0.4 % of the calls, and its share again once it recovers`, () => {
    const world = balancerOf(names(n));
    const counts = sequence(world, 20_000, (key) => (key === "i0" ? { ms: 0.5, ok: false } : { ms: 3 }));
    assert.ok(counts.i0! <= 80, JSON.stringify(counts));
    assert.ok(counts.i0! >= 5, "it must be tried now and then");
    sequence(world, 1_000, () => ({ ms: 3 }));
    const after = sequence(world, 6_000, () => ({ ms: 3 }));
    assert.ok(after.i0! > 3_000 / n, JSON.stringify(after));
  });
}

test("while all instances fail they are used evenly", () => {
  const counts = sequence(balancerOf(names(5)), 5_000, () => ({ ms: 1, ok: false }));
  for (const count of Object.values(counts)) assert.ok(count > 500 && count < 1_500, JSON.stringify(counts));
  assert.equal(Object.keys(counts).length, 5);
});

test("one failure among many successes does not banish an instance", () => {
  const world = balancerOf(["a", "b"]);
  sequence(world, 1_000, () => ({ ms: 10 }));
  let failed = false;
  const counts = sequence(world, 1_000, (key) => {
    const ok = failed || key !== "a";
    if (!ok) failed = true;
    return { ms: 10, ok };
  });
  assert.ok(counts.a! > 300, JSON.stringify(counts));
});

test("failing fast is no merit, and an end that says nothing changes nothing", () => {
  const { balancer, clock } = balancerOf(["a"]);
  sequence({ balancer, clock }, 100, () => ({ ms: 10 }));
  const end = (...how: Parameters<Node<string>["ended"]>) => {
    const node = balancer.pick()!;
    node.started();
    node.ended(...how);
    return node;
  };
  assert.ok(Math.abs(end(0.1, false).ewmaMs - 10) < 0.1);
  const { failureRate } = balancer.nodes()[0]!;
  assert.ok(failureRate > 0);
  for (const latency of [undefined, Number.NaN, Number.POSITIVE_INFINITY, -1, 5]) {
    const node = end(latency, undefined);
    assert.equal(node.failureRate, failureRate);
    assert.ok(Math.abs(node.ewmaMs - 10) < 0.1);
  }
});

test("an instance that fails is not preferred to others that hold many streams", () => {
  const world = balancerOf(["b", "c"]);
  for (let i = 0; i < 600; i++) {
    const stream = world.balancer.pick()!;
    stream.started();
    world.clock.ms += 1;
    stream.answered(10);
  }
  sequence(world, 2_000, () => ({ ms: 10 }));
  world.balancer.set(["a", "b", "c"]);
  sequence(world, 2_000, () => ({ ms: 10 }));
  const counts = sequence(world, 5_000, (key) => (key === "a" ? { ms: 0.5, ok: false } : { ms: 10 }));
  assert.ok(counts.a! <= 20, JSON.stringify(counts));
});
