import { exponential, pareto } from "./random.js";
import type { Scenario, World } from "./world.js";

const same = (clients: number, total: number) => Array.from({ length: clients }, () => total / clients);

/** 20 servers of 4 workers and 10 ms: 8,000 calls a second are full load. */
const even = (share: number) => ({ servers: 20, rates: same(10, 8_000 * share) });
const fifthSlower = { servers: 20, slowness: (i: number) => (i % 5 === 0 ? 4 : 1), rates: same(10, 6_800 * 0.75) };

/** Every server has spells of slowness of its own. */
function spells(world: World, { times, lastMs, everyMs }: { times: number; lastMs: number; everyMs: number }): void {
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

/** Every half second one server leaves and the one that left before comes back. */
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
  "heavy tails (Pareto 1.8), 50 %": { ...even(0.5), service: pareto(1.8) },
};
