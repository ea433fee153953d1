import assert from "node:assert/strict";
import { test } from "node:test";
import { balancerOf, sequence } from "../../testing/timed-balancer.js";
import { P2cEwma } from "../index.js";
import type { Member } from "./member.js";

test("streams that go on are not mistaken for a hanging instance once anything has been answered", () => {
  const { balancer, clock } = balancerOf(["a"]);
  sequence({ balancer, clock }, 100, () => ({ ms: 10 }));
  const node = balancer.pick()!;
  node.started();
  clock.ms += 10;
  node.answered(10);
  const load = node.load();
  clock.ms += 60_000;
  assert.ok(node.load() <= load * 1.01);
  node.ended(undefined, true);
  assert.equal(node.inFlight, 0);
  assert.ok(Math.abs(node.ewmaMs - 10) < 1);
});

test("idle streams are no load for calls, and new streams go where fewer are open", () => {
  for (const kind of ["/watch", undefined]) {
    const { balancer, clock } = balancerOf(["a"]);
    const open = () => {
      const node = balancer.pick(undefined, kind)!;
      node.started(kind);
      clock.ms += 5;
      node.answered(5, kind);
      return node.key;
    };
    for (let i = 0; i < 30; i++) open();
    balancer.set(["a", "b", "c"]);
    const keys = Array.from({ length: 60 }, open);
    assert.ok(keys.filter((key) => key === "a").length <= 6, keys.join(" "));
    const counts = sequence({ balancer, clock }, 600, () => ({ ms: 5 }));
    for (const key of ["a", "b", "c"]) assert.ok(counts[key]! > 120, JSON.stringify(counts));
    for (const node of balancer.nodes()) while (node.inFlight > 0) node.ended(undefined, true, kind);
  }
});

test("streams that wait for their first answer are no load, and no silence", () => {
  const { balancer, clock } = balancerOf(["a"]);
  // Streams of this method usually answer soon.
  for (let i = 0; i < 20; i++) {
    const node = balancer.pick(undefined, "/watch")!;
    node.started("/watch");
    clock.ms += 5;
    node.answered(5, "/watch");
    node.ended(undefined, true, "/watch");
  }
  for (let i = 0; i < 10; i++) balancer.pick(undefined, "/watch")!.started("/watch");
  clock.ms += 1_500;
  const [held] = balancer.nodes();
  const before = held!.load();
  for (let i = 0; i < 10; i++) held!.waits(1_500, "/watch");
  assert.ok(held!.load() < before / 2, `${before} became ${held!.load()}`);
  balancer.set(["a", "b", "c"]);
  clock.ms += 60_000;
  const counts = sequence({ balancer, clock }, 600, () => ({ ms: 5 }));
  for (const key of ["a", "b", "c"]) assert.ok(counts[key]! > 120, JSON.stringify(counts));
  for (let i = 0; i < 10; i++) held!.ended(undefined, true, "/watch", true);
  assert.equal(held!.inFlight, 0);
});

test("a call that ends without a latency and has not answered ends no stream of its kind", () => {
  const balancer = new P2cEwma<string>();
  balancer.set(["a"]);
  const start = () => {
    const node = balancer.pick(undefined, "/watch")!;
    node.started("/watch");
    return node as Member<string>;
  };
  const node = start();
  node.answered(1, "/watch");
  start().ended(undefined, undefined, "/watch", false);
  assert.deepEqual([node.open, node.pending], [1, 0]);
  node.ended(undefined, true, "/watch", true);
  assert.deepEqual([node.open, node.pending], [0, 0]);
});
