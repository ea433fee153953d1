import assert from "node:assert/strict";
import { test } from "node:test";
import { balancerOf, names, sequence } from "../../testing/timed-balancer.js";

test("no instance, no pick; one instance gets every call", () => {
  const { balancer } = balancerOf([]);
  assert.equal(balancer.pick(), undefined);
  balancer.set(["only"]);
  for (let i = 0; i < 5; i++) assert.equal(balancer.pick()?.key, "only");
  assert.equal(balancer.nodes()[0]!.inFlight, 5);
});

test("a pick reserves: 100 calls started in one tick leave no instance of 10 with more than 20", () => {
  const { balancer } = balancerOf(names(10));
  const picked = Array.from({ length: 100 }, () => balancer.pick()!);
  assert.ok(Math.max(...balancer.nodes().map(({ inFlight }) => inFlight)) <= 20);
  for (const node of picked) node.released();
  assert.ok(balancer.nodes().every(({ inFlight }) => inFlight === 0));
});

test("a slower instance gets fewer calls, yet not none", () => {
  const counts = sequence(balancerOf(names(4)), 20_000, (key) => ({ ms: key === "i0" ? 40 : 10 }));
  assert.ok(counts.i0! > 0 && counts.i0! < 1_000, JSON.stringify(counts));
});

test("a call that runs too long is news before it ends", () => {
  const { balancer, clock } = balancerOf(["a", "b"]);
  sequence({ balancer, clock }, 200, () => ({ ms: 10 }));
  const stuck = balancer.pick()!;
  stuck.started();
  const before = stuck.load();
  clock.ms += 100;
  assert.equal(stuck.load() > 1.2 * before, true, `${before} to ${stuck.load()}`);
  clock.ms += 2_000;
  assert.equal(stuck.load() > 10 * before, true, `${before} to ${stuck.load()}`);
  assert.notEqual(balancer.pick()!.key, stuck.key);
});

test("what is known of instances that stay, or come back, is kept", () => {
  const world = balancerOf(["slow", "b", "c"]);
  sequence(world, 3_000, (key) => ({ ms: key === "slow" ? 50 : 10 }));
  const { balancer, clock } = world;
  const slow = balancer.nodes()[0]!;
  const known = slow.ewmaMs;
  balancer.set(["slow", "b", "c", "d"]);
  assert.equal(balancer.nodes()[0], slow);
  assert.equal(slow.ewmaMs, known);
  balancer.set(["b"]);
  balancer.set(["b", "slow"]);
  assert.equal(balancer.nodes()[1], slow);
  balancer.set(["b"]);
  clock.ms += 180_000;
  balancer.set(["b"]);
  balancer.set(["b", "slow"]);
  assert.notEqual(balancer.nodes()[1], slow);
});

test("newcomers are met with what is known of all, and while they do not answer they get no flood", () => {
  const world = balancerOf(names(20));
  sequence(world, 2_000, () => ({ ms: 10 }));
  const { balancer, clock } = world;
  balancer.set([...names(20), ...Array.from({ length: 10 }, (_, i) => `new${i}`)]);
  const newcomers = balancer.nodes().slice(20);
  for (const { ewmaMs } of newcomers) assert.equal(Math.round(ewmaMs), 10);
  for (let i = 0; i < 1_000; i++) {
    const node = balancer.pick()!;
    node.started();
    clock.ms += 10;
    if (!node.key.startsWith("new")) node.ended(10, true);
  }
  const calls = newcomers.map(({ inFlight }) => inFlight);
  assert.equal(Math.min(...calls), 1, "each is tried");
  assert.equal(Math.max(...calls) <= 3, true, `${calls}`);
});

test("the hook is told what was compared", () => {
  const seen: string[][] = [];
  const { balancer } = balancerOf(names(3), {
    onPick: (chosen, first, second, remembered) => {
      const compared = [first, second, remembered];
      assert.ok(compared.includes(chosen));
      seen.push(compared.map(({ key }) => key));
    },
  });
  balancer.pick();
  balancer.pick();
  assert.equal(seen.length, 2);
});

test("equal servers of fast calls share evenly, also when one call follows the other and first answers are cold", () => {
  for (const n of [2, 3]) {
    const keys = Array.from({ length: n }, (_, i) => `${i}`);
    const met = new Set<string>();
    let calls = 0;
    const counts = sequence(balancerOf(keys), 300, (key) => {
      const cold = !met.has(key);
      met.add(key);
      calls += 1;
      return { ms: cold ? 15 : 0.35 + ((calls * 7) % 31) / 100 };
    });
    for (const key of keys) assert.ok((counts[key] ?? 0) > 150 / n, `${n} servers: ${JSON.stringify(counts)}`);
  }
});

test("instances that were tried are avoided while there are others", () => {
  const { balancer } = balancerOf(names(3));
  for (let i = 0; i < 200; i++) {
    const node = balancer.pick(new Set(["i0", "i1"]))!;
    assert.equal(node.key, "i2");
    node.released();
  }
  for (let i = 0; i < 200; i++) balancer.pick(new Set(["i0"]), "/get")!.released("/get");
  assert.ok(balancer.nodes().every(({ inFlight }) => inFlight === 0));
  assert.ok(balancer.pick(new Set(names(3))), "when all were tried, any will do");
});

test("whatever a source of chance returns, an instance is picked", () => {
  for (const drawn of [Number.NaN, -1, Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY]) {
    for (const weight of [undefined, (key: string) => (key === "i0" ? 3 : 1)]) {
      const { balancer } = balancerOf(names(3), { random: () => drawn, ...(weight && { weight }) });
      assert.ok(balancer.pick(), `${drawn}`);
      assert.notEqual(balancer.pick(new Set(["i0"]))?.key, "i0", `${drawn}`);
    }
  }
});
