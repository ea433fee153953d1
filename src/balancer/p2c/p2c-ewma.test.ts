import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Node, P2cEwma, type P2cEwmaOptions } from "../index.js";
import type { Member } from "./member.js";

/** A balancer whose clock the test moves, with repeatable chance. */
function balancerOf(keys: readonly string[], options: P2cEwmaOptions<string> = {}) {
  const clock = { ms: 0 };
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 4294967296;
  };
  const balancer = new P2cEwma<string>({ now: () => clock.ms, random, ...options });
  balancer.set(keys);
  return { balancer, clock };
}

/** Calls one after the other, each as long as its instance takes, and how many each instance got. */
function sequence(
  { balancer, clock }: ReturnType<typeof balancerOf>,
  calls: number,
  answer: (key: string) => { ms: number; ok?: boolean },
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i++) {
    const node = balancer.pick()!;
    counts[node.key] = (counts[node.key] ?? 0) + 1;
    node.started();
    const { ms, ok = true } = answer(node.key);
    clock.ms += ms;
    node.ended(ms, ok);
  }
  return counts;
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `i${i}`);

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

test("in a large burst, too, an instance twice as far gets half the calls", () => {
  const { balancer } = balancerOf(names(6), { distance: (key) => (key < "i3" ? 1 : 2) });
  for (let i = 0; i < 1_200; i++) balancer.pick();
  const calls = balancer.nodes().map(({ inFlight }) => inFlight);
  const near = calls.slice(0, 3).reduce((sum, n) => sum + n, 0);
  assert.ok(near / (1_200 - near) > 1.8, calls.join(" "));
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

test("whatever the order of events and the clock, counts return to zero and no pick goes astray", () => {
  const clockStep = fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e300),
  );
  const latency = fc.oneof(
    fc.double({ min: 0, max: 1e5, noNaN: true }),
    fc.constantFrom(undefined, Number.NaN, -5, 0, 1e308, Number.POSITIVE_INFINITY),
  );
  const which = fc.nat(1_000);
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("pick" as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("start" as const), which }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("end" as const), which, latency, ok: fc.option(fc.boolean()) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("answer" as const), which, latency }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("misuse" as const), which, latency }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("set" as const), keys: fc.array(fc.nat(8), { maxLength: 8 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("clock" as const), step: clockStep }) },
  );
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 200 }),
      fc.boolean(),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
      (events, weighted, chance) => {
        let ms = 0;
        let draws = 0;
        const balancer = new P2cEwma<number>({
          now: () => ms,
          random: () => chance[draws++ % chance.length]!,
          ...(weighted && { weight: (key) => key }),
        });
        const seen = new Set<Node<number>>();
        let members = new Set<number>();
        const reserved: Node<number>[] = [];
        const running: Node<number>[] = [];
        const take = (list: Node<number>[], at: number) => list.splice(at % Math.max(1, list.length), 1)[0];
        for (const e of events) {
          if (e.kind === "pick") {
            const node = balancer.pick();
            assert.equal(node === undefined, members.size === 0);
            if (!node) continue;
            assert.ok(members.has(node.key), "a node that was removed was picked");
            seen.add(node);
            reserved.push(node);
          } else if (e.kind === "start") {
            const node = take(reserved, e.which);
            node?.started();
            if (node) running.push(node);
          } else if (e.kind === "end") take(running, e.which)?.ended(e.latency, e.ok ?? undefined);
          else if (e.kind === "release") take(reserved, e.which)?.released();
          else if (e.kind === "answer")
            running[e.which % Math.max(1, running.length)]?.answered(e.latency ?? Number.NaN);
          else if (e.kind === "misuse") {
            // On an idle node, so that it is misuse for certain.
            const node = [...seen].find(({ inFlight }) => inFlight === 0);
            node?.started();
            node?.ended(e.latency, true);
            node?.released();
            node?.answered(1);
          } else if (e.kind === "set") {
            members = new Set(e.keys);
            balancer.set(e.keys);
            assert.equal(balancer.size, members.size);
          } else ms = Math.abs(e.step) < 1e200 ? ms + e.step : e.step;
          for (const node of balancer.nodes()) {
            assert.ok(Number.isFinite(node.load()) && node.load() > 0, `load ${node.load()}`);
            assert.ok(Number.isFinite(node.ewmaMs) && node.ewmaMs >= 0);
            assert.ok(node.failureRate >= 0 && node.failureRate <= 1);
          }
          for (const node of seen) {
            const count = [...reserved, ...running].filter((open) => open === node).length;
            assert.equal(node.inFlight, count);
          }
        }
        for (const node of reserved) node.released();
        for (const node of running) node.ended(1, true);
        for (const node of seen) assert.equal(node.inFlight, 0);
      },
    ),
    {
      numRuns: 300,
      examples: [
        [
          [
            { kind: "set", keys: [0] },
            { kind: "pick" },
            { kind: "start", which: 0 },
            { kind: "end", which: 0, latency: 1e308, ok: null },
          ],
          false,
          [0],
        ],
      ],
    },
  );
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

test("whatever kinds are told, rightly or wrongly, counts return to zero", () => {
  const kind = fc.constantFrom(undefined, "/a", "/b", "/c");
  const event = fc.record({ what: fc.constantFrom("pick", "start", "answer", "end", "release"), kind, stray: kind });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), fc.boolean(), (events, wrong) => {
      const { balancer, clock } = balancerOf(names(3));
      const calls: { node: Node<string>; kind: string | undefined; state: string }[] = [];
      for (const { what, kind: name, stray } of events) {
        clock.ms += 3;
        if (what === "pick") calls.push({ node: balancer.pick(undefined, name)!, kind: name, state: "reserved" });
        const from =
          what === "start" || what === "release" ? ["reserved"] : what === "end" ? ["running", "open"] : ["running"];
        const at = calls.findIndex(({ state }) => from.includes(state));
        const call = calls[at];
        if (!call || what === "pick") continue;
        const told = wrong ? stray : call.kind;
        if (what === "start") call.node.started(told);
        else if (what === "answer") call.node.answered(3, told);
        else if (what === "release") call.node.released(told);
        else call.node.ended(call.state === "open" ? undefined : 3, true, told);
        if (what === "start") call.state = "running";
        else if (what === "answer") call.state = "open";
        else calls.splice(at, 1);
        for (const node of balancer.nodes()) {
          assert.equal(node.inFlight, calls.filter((one) => one.node === node).length);
          assert.ok(Number.isFinite(node.load(name)) && node.load(name) > 0);
        }
      }
    }),
    { numRuns: 300 },
  );
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

test("whatever a source of chance returns, an instance is picked", () => {
  for (const drawn of [Number.NaN, -1, Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY]) {
    for (const weight of [undefined, (key: string) => (key === "i0" ? 3 : 1)]) {
      const { balancer } = balancerOf(names(3), { random: () => drawn, ...(weight && { weight }) });
      assert.ok(balancer.pick(), `${drawn}`);
      assert.notEqual(balancer.pick(new Set(["i0"]))?.key, "i0", `${drawn}`);
    }
  }
});
