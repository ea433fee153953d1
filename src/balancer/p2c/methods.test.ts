import assert from "node:assert/strict";
import { test } from "node:test";
import { balancerOf, names } from "../../testing/timed-balancer.js";

test("a slow method is not held against the instance that served it", () => {
  const { balancer, clock } = balancerOf(["a", "b"]);
  const call = (kind: string, ms: number) => {
    const node = balancer.pick(undefined, kind)!;
    node.started(kind);
    clock.ms += ms;
    node.ended(ms, true, kind);
    return node.key;
  };
  for (let i = 0; i < 200; i++) call("/get", 4);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 1_000; i++) {
    if (i % 20 === 0) call("/report", 300);
    const key = call("/get", 4);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  assert.ok(Math.min(counts.a!, counts.b!) > 400, JSON.stringify(counts));
});

test("a method that fails everywhere turns no instance away", () => {
  const { balancer, clock } = balancerOf(names(3));
  const counts: Record<string, number> = {};
  for (let i = 0; i < 6_000; i++) {
    const kind = i % 3 === 0 ? "/broken" : "/get";
    const node = balancer.pick(undefined, kind)!;
    node.started(kind);
    clock.ms += 5;
    node.ended(5, kind === "/get", kind);
    if (i > 1_500 && kind === "/get") counts[node.key] = (counts[node.key] ?? 0) + 1;
  }
  for (const key of names(3)) assert.ok(counts[key]! > 700, JSON.stringify(counts));
});

test("a method that fails at one instance only turns calls away from it", () => {
  const { balancer, clock } = balancerOf(names(3));
  let failed = 0;
  for (let i = 0; i < 6_000; i++) {
    const node = balancer.pick(undefined, "/get")!;
    node.started("/get");
    clock.ms += 5;
    node.ended(5, node.key !== "i0", "/get");
    if (node.key === "i0") failed += 1;
  }
  assert.ok(failed <= 24, `${failed} of 6,000`);
});
