import assert from "node:assert/strict";
import { test } from "node:test";
import { type Criticality, Shedding } from "./shedding.js";

const DEADLINE_MS = 500;

/** A call that comes, and begins if it may. */
function ask(shedding: Shedding, criticality?: Criticality): number | undefined {
  const pushback = shedding.refusal(criticality);
  if (pushback === undefined) shedding.begin();
  return pushback;
}

/**
 * A server with one thread that takes `serviceMs` a call, and a load on it, in virtual time. As in Node, what has arrived is
 * begun in one turn of the event loop and then worked off.
 */
function simulate(options: {
  serviceMs: number;
  ratePerMs: number;
  forMs: number;
  shedding?: Shedding;
  at?: { ms: number };
}) {
  const at = options.at ?? { ms: 0 };
  const shedding = options.shedding ?? new Shedding({ threshold: 0.9, now: () => at.ms });
  const ends = at.ms + options.forMs;
  const latencies: number[] = [];
  const pushbacks: number[] = [];
  let arrived = at.ms;
  let sampledAt = at.ms;
  let busyMs = 0;
  const sample = () => {
    const tookMs = at.ms - sampledAt;
    if (tookMs < 99.999) return;
    shedding.sample({ utilisation: busyMs / tookMs, delayMs: tookMs - 100, tookMs });
    sampledAt = at.ms;
    busyMs = 0;
  };
  while (at.ms < ends) {
    const turn: number[] = [];
    for (; arrived <= at.ms; arrived += 1 / options.ratePerMs) {
      const pushback = ask(shedding);
      if (pushback === undefined) turn.push(arrived);
      else {
        pushbacks.push(pushback);
        at.ms += 0.1;
        busyMs += 0.1;
      }
    }
    if (turn.length === 0) at.ms = Math.max(at.ms, Math.min(arrived, sampledAt + 100));
    const began = at.ms;
    for (const from of turn) {
      if (at.ms - began > DEADLINE_MS) {
        // The caller has given up, and the handler is not run.
        shedding.end();
        at.ms += 0.1;
        busyMs += 0.1;
        continue;
      }
      at.ms += options.serviceMs;
      busyMs += options.serviceMs;
      shedding.end(at.ms - began);
      latencies.push(at.ms - from);
    }
    sample();
  }
  return { at, shedding, latencies, pushbacks, offered: latencies.length + pushbacks.length };
}

test("a server below the threshold refuses nothing, at whatever load", () => {
  for (const load of [0.01, 0.3, 0.6, 0.8]) {
    const { pushbacks } = simulate({ serviceMs: 2, ratePerMs: load / 2, forMs: 30_000 });
    assert.equal(pushbacks.length, 0, `at ${load}`);
  }
});

test("a burst of any size on a server that was idle is taken", () => {
  const at = { ms: 0 };
  const { shedding } = simulate({ serviceMs: 1, ratePerMs: 0.01, forMs: 10_000, at });
  for (let i = 0; i < 5_000; i++) assert.equal(ask(shedding), undefined);
});

test("one long block of the event loop is no overload", () => {
  const at = { ms: 0 };
  const { shedding } = simulate({ serviceMs: 1, ratePerMs: 0.1, forMs: 10_000, at });
  at.ms += 5_000;
  shedding.sample({ utilisation: 1, delayMs: 4_900, tookMs: 5_000 });
  for (let i = 0; i < 500; i++) assert.equal(ask(shedding), undefined);
});

for (const serviceMs of [0.5, 2, 10, 50]) {
  for (const load of [1.5, 2, 3]) {
    test(`at ${load} times its capacity of calls of ${serviceMs} ms a server works at its capacity and keeps waits short`, () => {
      const overload = { serviceMs, ratePerMs: load / serviceMs };
      const first = simulate({ ...overload, forMs: 5_000 });
      const { latencies, pushbacks } = simulate({ ...first, ...overload, forMs: 20_000 });
      const capacity = 20_000 / serviceMs;
      // A refusal costs a tenth of a millisecond, which is much where calls cost half of one.
      assert.ok(
        latencies.length + (pushbacks.length * 0.1) / serviceMs > 0.85 * capacity,
        `${latencies.length} calls in 20 s`,
      );
      const late = latencies.filter((ms) => ms > 500).length;
      assert.ok(late < latencies.length / 100, `${late} of ${latencies.length} late`);
      assert.ok(pushbacks.every((ms) => Number.isInteger(ms) && ms >= 10 && ms <= 1_000));
    });
  }
}

test("from rest to twice its capacity: the first ten seconds already bring nine tenths of it", () => {
  const rest = simulate({ serviceMs: 2, ratePerMs: 0.1, forMs: 10_000 });
  const { latencies } = simulate({ ...rest, serviceMs: 2, ratePerMs: 1, forMs: 10_000 });
  const good = latencies.filter((ms) => ms <= 500).length;
  assert.ok(good > 4_500, `${good} of 5000`);
});

test("a minute of overload does not pass for the usual: waits stay as short", () => {
  const first = simulate({ serviceMs: 2, ratePerMs: 1, forMs: 90_000 });
  const { latencies } = simulate({ ...first, serviceMs: 2, ratePerMs: 1, forMs: 10_000 });
  assert.ok(Math.max(...latencies) < 500, `${Math.max(...latencies)} ms`);
});

test("when the load falls calls are refused no more within five seconds", () => {
  const first = simulate({ serviceMs: 2, ratePerMs: 1.5, forMs: 20_000 });
  const next = simulate({ ...first, serviceMs: 2, ratePerMs: 0.25, forMs: 5_000 });
  const { pushbacks } = simulate({ ...next, serviceMs: 2, ratePerMs: 0.25, forMs: 10_000 });
  assert.equal(pushbacks.length, 0);
});

test("a full server refuses what may be refused first, and never what may not", () => {
  const { shedding } = simulate({ serviceMs: 2, ratePerMs: 1, forMs: 10_000 });
  const most = { first: 0, other: 0 };
  while (most.first < 10_000 && ask(shedding, "sheddable") === undefined) most.first += 1;
  most.other = most.first;
  while (most.other < 10_000 && ask(shedding) === undefined) most.other += 1;
  assert.ok(most.first > 0 && most.other >= 1.5 * most.first, JSON.stringify(most));
  for (let i = 0; i < 1_000; i++) assert.equal(ask(shedding, "critical"), undefined);
  assert.notEqual(ask(shedding), undefined);
  assert.notEqual(shedding.refusal("sheddable"), undefined);
  assert.equal(shedding.refusal("critical"), undefined);
});

test("a burst on a server that is busy with other work is taken, and refused only if it goes on", () => {
  const { shedding, at } = simulate({ serviceMs: 2, ratePerMs: 0.01, forMs: 10_000 });
  const busy = (forMs: number) => {
    for (const until = at.ms + forMs; at.ms < until; at.ms += 100) {
      shedding.sample({ utilisation: 1, delayMs: 20, tookMs: 100 });
    }
  };
  busy(10_000);
  for (let i = 0; i < 100; i++) assert.equal(ask(shedding), undefined);
  busy(1_000);
  assert.notEqual(shedding.refusal(), undefined);
});

test("where calls wait for others, and the process is at rest again, nothing is refused, however many are in flight", () => {
  const { shedding, at } = simulate({ serviceMs: 2, ratePerMs: 1, forMs: 10_000 });
  for (let i = 0; i < 5_000; i++) shedding.begin();
  at.ms += 100;
  assert.notEqual(shedding.refusal(), undefined);
  for (const until = at.ms + 3_000; at.ms < until; at.ms += 100) {
    shedding.sample({ utilisation: 0.1, delayMs: 0, tookMs: 100 });
    shedding.refusal();
  }
  assert.equal(shedding.refusal(), undefined);
});

test("a process that gets too little of a CPU is full as well, though it looks at rest: its event loop is late", () => {
  const at = { ms: 0 };
  const { shedding } = simulate({ serviceMs: 1, ratePerMs: 0.5, forMs: 10_000, at });
  for (let i = 0; i < 5_000; i++) shedding.begin();
  for (let i = 0; i < 20; i++) {
    at.ms += 400;
    shedding.sample({ utilisation: 0.75, delayMs: 300, tookMs: 400 });
    shedding.end(10);
  }
  assert.notEqual(shedding.refusal(), undefined);
});
