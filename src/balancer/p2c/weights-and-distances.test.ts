import assert from "node:assert/strict";
import { test } from "node:test";
import { balancerOf, names, sequence } from "../../testing/timed-balancer.js";
import type { Node } from "../index.js";

test("an instance of twice the weight gets twice the calls, idle or busy", () => {
  for (const running of [1, 24]) {
    const { balancer, clock } = balancerOf(["heavy", "b", "c"], { weight: (key) => (key === "heavy" ? 2 : 1) });
    const counts: Record<string, number> = {};
    const open: Node<string>[] = [];
    for (let i = 0; i < 20_000; i++) {
      const node = balancer.pick()!;
      counts[node.key] = (counts[node.key] ?? 0) + 1;
      node.started();
      open.push(node);
      if (open.length < running) continue;
      clock.ms += 1;
      open.shift()!.ended(running, true);
    }
    const share = counts.heavy! / 20_000;
    assert.ok(share > 0.45 && share < 0.55, `${share} with ${running} running`);
  }
});

test("only the proportions of weights matter, however large or small they are", () => {
  for (const weight of [1e-9, 1, 8e9]) {
    const { balancer } = balancerOf(["a", "b"], { weight: (key) => (key === "b" ? 2 * weight : weight) });
    for (let i = 0; i < 300; i++) balancer.pick();
    const [a, b] = balancer.nodes();
    assert.ok(Math.abs(b!.inFlight / a!.inFlight - 2) < 0.1, `${a!.inFlight} and ${b!.inFlight}, weight ${weight}`);
  }
});

test("in a large burst, too, an instance twice as far gets half the calls", () => {
  const { balancer } = balancerOf(names(6), { distance: (key) => (key < "i3" ? 1 : 2) });
  for (let i = 0; i < 1_200; i++) balancer.pick();
  const calls = balancer.nodes().map(({ inFlight }) => inFlight);
  const near = calls.slice(0, 3).reduce((sum, n) => sum + n, 0);
  assert.ok(near / (1_200 - near) > 1.8, calls.join(" "));
});

test("where all are equally far nothing is different, nor how soon a slow one is tried again", () => {
  const callsWith = (distance: number) => {
    const one = balancerOf(names(5), { distance: () => distance });
    return sequence(one, 3_000, (key) => ({ ms: key === "i0" ? 15 : 5 }));
  };
  assert.deepEqual(callsWith(2), callsWith(1));
});

test("weights are shares: with 100 each, calls in flight count as with 1 each", () => {
  for (const weight of [1e-300, 0.01, 1, 100, 1e300]) {
    const { balancer } = balancerOf(names(10), { weight: () => weight });
    for (let i = 0; i < 100; i++) balancer.pick()!.started();
    const most = Math.max(...balancer.nodes().map(({ inFlight }) => inFlight));
    assert.ok(most <= 12, `${most} in flight where all weigh ${weight}`);
  }
});

test("a weight that is no positive number counts as 1", () => {
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const { balancer } = balancerOf(["a", "b"], { weight: (key) => (key === "a" ? weight : 1) });
    const keys = Array.from({ length: 10 }, () => balancer.pick()!.key);
    assert.equal(keys.filter((key) => key === "a").length, 5);
  }
});

test("nearby instances go first, spill over when they are busy, and not at all when they fail", () => {
  const near = (key: string) => key < "c";
  const options = { distance: (key: string) => (near(key) ? 1 : 2) };
  const keys = ["a", "b", "c", "d", "e", "f"];
  const share = (counts: Record<string, number>) =>
    keys.filter(near).reduce((sum, key) => sum + (counts[key] ?? 0), 0) /
    Object.values(counts).reduce((sum, count) => sum + count, 0);

  const idle = share(sequence(balancerOf(keys, options), 3_000, () => ({ ms: 10 })));
  assert.ok(idle > 0.8, `${idle} of the calls stayed near while nothing else ran`);

  const { balancer } = balancerOf(keys, options);
  for (let i = 0; i < 60; i++) balancer.pick()!.started();
  const running = (of: (key: string) => boolean) =>
    balancer.nodes().reduce((sum, { key, inFlight }) => sum + (of(key) ? inFlight : 0), 0);
  const [nearby, away] = [running(near) / 2, running((key) => !near(key)) / 4];
  assert.ok(nearby > away && nearby < 3 * away, `${nearby} running on each nearby instance, ${away} on each other`);

  const failing = share(sequence(balancerOf(keys, options), 3_000, (key) => ({ ms: 10, ok: !near(key) })));
  assert.ok(failing < 0.02, `${failing} of the calls stayed near while those failed`);
});

test("a distance that is no positive number counts as 1", () => {
  for (const distance of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const { balancer } = balancerOf(["a", "b"], { distance: (key) => (key === "a" ? distance : 1) });
    const [a, b] = balancer.nodes();
    assert.equal(a!.load(), b!.load());
  }
});
