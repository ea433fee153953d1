import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { alone, type Surroundings } from "../../bench/sim/policies/policy.js";
import { BackupRequests, FinagleBudget } from "../../bench/sim/policies/references/backup-requests.js";
import { C3 } from "../../bench/sim/policies/references/c3.js";
import { LocalShortestQueue } from "../../bench/sim/policies/references/lsq.js";
import { Prequal } from "../../bench/sim/policies/references/prequal.js";
import { ProbePool } from "../../bench/sim/policies/references/probe-pool.js";
import { WeightedRoundRobin } from "../../bench/sim/policies/references/weighted-round-robin.js";
import { seeded } from "../../bench/sim/world/random.js";
import type { ProbeAnswer, ServerReport } from "../../bench/sim/world/server-report.js";

let now: number;
let probes: { server: number; answered: (answer: ProbeAnswer) => void }[];
beforeEach(() => {
  now = 0;
  probes = [];
});
const around = (clients = 1): Surroundings => ({
  ...alone(() => now, 1),
  clients,
  probe: (server, answered) => probes.push({ server, answered }),
});
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

function report(of: Partial<ServerReport> & Partial<ServerReport["load"]>): ServerReport {
  const { inFlight = 0, serviceMs = 10, utilisation = 0.5, callsPerSecond = 100, errorsPerSecond = 0 } = of;
  return { inFlight, serviceMs, load: { utilisation, callsPerSecond, errorsPerSecond } };
}

test("Prequal: of the cold servers the quickest is chosen, however little a hot one has in hand", () => {
  const pool = new ProbePool(seeded(1));
  const answers = [
    { inFlight: 2, latencyMs: 30 },
    { inFlight: 3, latencyMs: 20 },
    { inFlight: 9, latencyMs: 1 },
  ];
  for (const [server, answer] of answers.entries()) pool.add(server, answer, 100, 0);
  assert.equal(pool.choose(), 1, "the quickest, with 9 in flight, is hot");
});

test("Prequal: where all are hot, the one with the fewest calls in flight is chosen", () => {
  const pool = new ProbePool(seeded(1));
  for (let i = 0; i < 64; i++) pool.add(99, { inFlight: 0, latencyMs: 1 }, 100, 0);
  pool.keep((server) => server !== 99, 0);
  pool.add(0, { inFlight: 8, latencyMs: 1 }, 100, 0);
  pool.add(1, { inFlight: 5, latencyMs: 50 }, 100, 0);
  assert.equal(pool.choose(), 1);
});

test("Prequal: probes are 16 at most, a second old at most, and of members", () => {
  const pool = new ProbePool(seeded(1));
  for (const server of numbers(40)) pool.add(server, { inFlight: 1, latencyMs: 10 }, 100, 0);
  assert.equal(pool.size, 16);
  pool.keep((server) => server >= 30, 1_000);
  assert.equal(pool.size, 10);
  pool.keep(() => true, 1_001);
  assert.equal(pool.size, 0);
  assert.equal(pool.choose(), undefined);
});

test("Prequal: a choice counts as one more in flight there, and takes the worst and the oldest away in turn", () => {
  const pool = new ProbePool(() => 0.99);
  const add = (server: number, latencyMs: number) => pool.add(server, { inFlight: 0, latencyMs }, 100, 0);
  for (const [server, latencyMs] of [50, 10, 20, 90, 30].entries()) add(server, latencyMs);
  // With 100 servers a probe is used once: 2 / (0.84 x 3 - 1) = 1.3.
  assert.equal(pool.choose(), 1);
  assert.equal(pool.size, 3, "the chosen one is used up, and the worst, 3, is gone");
  assert.equal(pool.choose(), 2);
  assert.equal(pool.size, 1, "and the oldest, 0, is gone");
});

test("Prequal: three probes a call to different servers, none waited for, and at random while fewer than two are known", () => {
  const prequal = new Prequal(around());
  prequal.set(numbers(30));
  const first = numbers(30).map(() => prequal.pick());
  assert.equal(probes.length, 90);
  for (let i = 0; i < 90; i += 3) assert.equal(new Set(probes.slice(i, i + 3).map(({ server }) => server)).size, 3);
  assert.ok(new Set(first).size > 10);
  const idle = probes[0]!.server;
  for (const { server, answered } of probes.slice(0, 9)) {
    answered(server === idle ? { inFlight: 0, latencyMs: 1 } : { inFlight: 0, latencyMs: 40 });
  }
  assert.equal(prequal.pick(), idle);
});

test("C3: a queue counts by its cube, a slow server by its service time", () => {
  const c3 = new C3(around());
  c3.set([0, 1]);
  const answer = (server: number, of: Partial<ServerReport>, latencyMs: number) =>
    c3.end(server, latencyMs, true, undefined, report(of));
  // 20 - 10 + 4³ x 10 = 650, and 90 - 40 + 2³ x 40 = 370.
  answer(0, { inFlight: 3, serviceMs: 10 }, 20);
  answer(1, { inFlight: 1, serviceMs: 40 }, 90);
  assert.equal(c3.pick(), 1);
});

test("C3: calls of this client count for each client, and those that have not answered come first", () => {
  const c3 = new C3(around(10));
  c3.set([0, 1, 2]);
  assert.deepEqual(new Set([c3.pick(), c3.pick(), c3.pick()]), new Set([0, 1, 2]));
  for (const server of [0, 1, 2]) c3.end(server, 10, true, undefined, report({ inFlight: 0, serviceMs: 10 }));
  // (1 + 10)³ for the one with a call under way, 1 for the others: none gets a second one before all have one.
  assert.deepEqual(new Set([c3.pick(), c3.pick(), c3.pick()]), new Set([0, 1, 2]));
});

test("gRFC A58: calls go by queries over utilisation, after ten seconds of reports", () => {
  const policy = new WeightedRoundRobin(around());
  policy.set([0, 1]);
  const reports = () => {
    policy.end(0, 10, true, undefined, report({ callsPerSecond: 100, utilisation: 0.2 }));
    policy.end(1, 10, true, undefined, report({ callsPerSecond: 100, utilisation: 0.8 }));
  };
  const share = () => {
    reports();
    return numbers(1_000).filter(() => policy.pick() === 0).length / 1_000;
  };
  assert.ok(Math.abs(share() - 0.5) < 0.01);
  now = 9_900;
  assert.ok(Math.abs(share() - 0.5) < 0.01);
  now = 11_000;
  assert.ok(Math.abs(share() - 0.8) < 0.01, "500 against 125");
});

test("gRFC A58: errors count as utilisation, and a server that has not reported for three minutes has the mean weight", () => {
  const policy = new WeightedRoundRobin(around());
  policy.set([0, 1, 2]);
  const tell = (server: number, errorsPerSecond: number) =>
    policy.end(server, 10, true, undefined, report({ callsPerSecond: 100, utilisation: 0.25, errorsPerSecond }));
  for (now = 0; now <= 11_000; now += 1_000) for (const server of [0, 1, 2]) tell(server, server === 0 ? 75 : 0);
  const counts = () => {
    const all = [0, 0, 0];
    for (let i = 0; i < 900; i++) all[policy.pick()]! += 1;
    return all;
  };
  // 100 / (0.25 + 0.75) = 100 against 400 and 400.
  assert.ok(counts().every((count, i) => Math.abs(count - [100, 400, 400][i]!) <= 2));
  for (; now <= 200_000; now += 1_000) for (const server of [1, 2]) tell(server, 0);
  assert.ok(counts().every((count) => Math.abs(count - 300) <= 2));
});

test("LSQ: the shortest queue of the client's own view, longer by its own calls, right only where it asks", () => {
  const lsq = new LocalShortestQueue(around());
  lsq.set([0, 1, 2]);
  assert.deepEqual(new Set([lsq.pick(), lsq.pick(), lsq.pick()]), new Set([0, 1, 2]));
  assert.equal(probes.length, 6, "two for each call");
  lsq.end(0, 10, true);
  for (const server of [0, 1, 2]) {
    probes[0]!.answered({ inFlight: 5, latencyMs: 10 });
    assert.notEqual(lsq.pick(), probes[0]!.server, `${server}: the server that was asked has the longest queue`);
  }
});

test("backup requests: after the 95th percentile of the last half minute, worked out every three seconds", () => {
  const backups = new BackupRequests(() => now);
  const calls = (until: number, ms: (i: number) => number) => {
    for (let i = 0; now < until; now += 10, i++) {
      backups.started();
      backups.ended("/a", ms(i), 1, 1);
    }
  };
  assert.equal(backups.started(), undefined, "none before the first");
  calls(3_000, (i) => (i % 100) + 1);
  assert.equal(backups.started(), 95);
  calls(5_990, () => 500);
  assert.equal(backups.started(), 95, "not yet");
  calls(45_000, () => 7);
  assert.equal(backups.started(), 7);
});

test("backup requests: a budget of calls in ten seconds, and ten a second beside it", () => {
  const budget = new FinagleBudget(0.05);
  let granted = 0;
  for (let i = 0; i < 4_000; i++) {
    budget.deposit(0);
    if (budget.withdraw(0)) granted += 1;
  }
  assert.equal(granted, 4_000 * 0.05 + 100);
  assert.equal(budget.withdraw(9_999), false);
  assert.equal(budget.withdraw(10_000), true, "what was withdrawn is forgotten after ten seconds");
});
