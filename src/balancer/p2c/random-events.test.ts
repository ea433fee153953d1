import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { balancerOf, names } from "../../testing/timed-balancer.js";
import { type Node, P2cEwma } from "../index.js";

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
