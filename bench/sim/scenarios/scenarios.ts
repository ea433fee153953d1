import { exponential, pareto } from "../world/random.js";
import type { Mode } from "../world/server.js";
import type { World } from "../world/world.js";
import type { Scenario } from "./scenario.js";

export const same = (clients: number, total: number) => Array.from({ length: clients }, () => total / clients);

/** 20 servers of 4 workers and 10 ms: 8,000 calls a second are full load. */
const even = (share: number) => ({ servers: 20, rates: same(10, 8_000 * share) });
const fifthSlower = { servers: 20, slowness: (i: number) => (i % 5 === 0 ? 4 : 1), rates: same(10, 6_800 * 0.75) };

/** Every server has spells of slowness of its own. */
export function spells(
  world: World,
  { times, lastMs, everyMs }: { times: number; lastMs: number; everyMs: number },
): void {
  for (const server of world.servers) {
    for (let t = exponential(world.random) * everyMs; t < world.lengthMs; ) {
      world.at(t, () => {
        server.slowness *= times;
      });
      t += lastMs;
      world.at(t, () => {
        server.slowness /= times;
      });
      t += exponential(world.random) * everyMs;
    }
  }
}

/** Every half second another server is missing. */
function changes(world: World): void {
  const all = world.servers.map((_, i) => i);
  for (let t = 500; t < world.lengthMs; t += 500) {
    world.at(t, () => {
      const gone = Math.floor(world.random() * all.length);
      world.setMembers(all.filter((i) => i !== gone));
    });
  }
}

export const tableScenarios: Readonly<Record<string, Scenario>> = {
  "even, 80 % load": even(0.8),
  "a fifth of servers 4x slower, 75 %": fifthSlower,
  "6x slow spells of 0.7 s, 60 %": {
    ...even(0.6),
    plot: (world) => spells(world, { times: 6, lastMs: 700, everyMs: 10_000 }),
  },
  "200 sparse clients, 50 servers, a fifth 2.5x slower": {
    servers: 50,
    slowness: (i) => (i % 5 === 0 ? 2.5 : 1),
    rates: same(200, 17_600 * 0.75),
  },
  "members change every 0.5 s, a fifth 4x slower": { ...fifthSlower, plot: changes },
  "4 cold servers join, 8x slower for 4 s": {
    servers: 24,
    warmMs: 10_000,
    lengthMs: 15_000,
    rates: same(10, 8_000 * 0.75),
    members: Array.from({ length: 20 }, (_, i) => i),
    plot: (world) => {
      world.at(10_000, () => {
        for (let i = 20; i < 24; i++) world.servers[i]!.slowness = 8;
        world.setMembers(world.servers.map((_, i) => i));
      });
      world.at(14_000, () => {
        for (let i = 20; i < 24; i++) world.servers[i]!.slowness = 1;
      });
    },
  },
};

/** The same promises elsewhere: other sizes, speeds and rates. */
export const variations: Readonly<Record<string, Scenario>> = {
  "heavy tails (Pareto 1.8), 50 %": { ...even(0.5), service: pareto(1.8) },
  "even, 5 servers, 3 clients, 70 %": { servers: 5, rates: same(3, 2_000 * 0.7) },
  "even, 50 ms calls, 80 %": { servers: 20, serviceMs: 50, rates: same(10, 1_600 * 0.8) },
  "2 of 8 servers 3x slower, 4 clients, 75 %": {
    servers: 8,
    slowness: (i) => (i < 2 ? 3 : 1),
    rates: same(4, 2_667 * 0.75),
  },
  "100 sparse clients, 30 servers, a third 3x slower, 70 %": {
    servers: 30,
    slowness: (i) => (i % 3 === 0 ? 3 : 1),
    rates: same(100, 9_333 * 0.7),
  },
  "clients from 40 to 2,000 calls a second, a fifth 4x slower": {
    ...fifthSlower,
    rates: [2_000, 1_200, 800, 500, 280, 160, 80, 40, 40],
  },
  "bursts of 1,000 in one tick over 10 servers, one 4x slower": {
    servers: 10,
    slowness: (i) => (i === 0 ? 4 : 1),
    rates: [500],
    burst: 1_000,
    lengthMs: 60_000,
  },
  "4x slow spells of 2 s, 60 %": {
    ...even(0.6),
    plot: (world) => spells(world, { times: 4, lastMs: 2_000, everyMs: 20_000 }),
  },
  "3x slow spells of 1 s, 60 %": {
    ...even(0.6),
    plot: (world) => spells(world, { times: 3, lastMs: 1_000, everyMs: 10_000 }),
  },
};

/** A server that misbehaves until RECOVERY_MS, at 320 calls a second from 4 clients. */
export const RECOVERY_MS = 40_000;
const broken = (servers: number, mode: Mode, deadlineMs?: number): Scenario => ({
  servers,
  rates: same(4, 320),
  lengthMs: RECOVERY_MS + 20_000,
  ...(deadlineMs !== undefined && { deadlineMs }),
  plot: (world) => {
    world.setMode(0, mode);
    world.at(RECOVERY_MS, () => world.setMode(0, { fails: 0 }));
  },
});

export const failures: Readonly<Record<string, { scenario: Scenario; mostPercent: number }>> = {
  "one of 20 fails at once": { scenario: broken(20, { fails: 1 }), mostPercent: 0.4 },
  "one of 3 fails at once": { scenario: broken(3, { fails: 1 }), mostPercent: 0.4 },
  "one of 2 fails at once": { scenario: broken(2, { fails: 1 }), mostPercent: 0.4 },
  "one of 10 fails half its calls": { scenario: broken(10, { fails: 0.5 }), mostPercent: 0.6 },
  "one of 10 hangs, 4 clients": { scenario: broken(10, "hangs", 2_000), mostPercent: 0.05 },
  "one of 10 hangs, one client": {
    scenario: { ...broken(10, "hangs", 2_000), rates: [320] },
    mostPercent: 0.05,
  },
};

/** What is shown by counts rather than by latencies. */
export const extremes: Readonly<Record<string, Scenario>> = {
  "bursts of 100 in one tick over 10 servers": { servers: 10, rates: [200], burst: 100, lengthMs: 60_000 },
  "all 10 fail at once": {
    servers: 10,
    rates: same(4, 320),
    plot: (world) => {
      for (let i = 0; i < 10; i++) world.setMode(i, { fails: 1 });
    },
  },
  "one server only": { servers: 1, rates: same(3, 200) },
};
