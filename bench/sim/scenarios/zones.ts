import type { MakePolicy } from "../policies/policy.js";
import { rollcall } from "../policies/rollcall.js";
import { type Result, World } from "../world/world.js";
import type { Scenario } from "./scenario.js";

/** Three zones; servers, and clients unless they are all in zone 0, are spread over them in turn. */
export interface ZoneScenario extends Scenario {
  readonly clientsInOneZone?: boolean;
}

/** A run in which each client takes servers of other zones for so many times farther; 1 is without zones. */
export function runZones(scenario: ZoneScenario, elsewhere: number, seed: number): Result & { nearPercent: number } {
  let [calls, nearby, clients] = [0, 0, 0];
  const make: MakePolicy = (around) => {
    const zone = scenario.clientsInOneZone ? 0 : clients++ % 3;
    const isNear = (server: number) => server % 3 === zone;
    const policy = rollcall({ distance: (server) => (isNear(server) ? 1 : elsewhere) })(around);
    const pick = () => {
      const server = policy.pick();
      if (around.now() >= (scenario.warmMs ?? 0)) {
        calls += 1;
        if (isNear(server)) nearby += 1;
      }
      return server;
    };
    return { ...policy, pick };
  };
  const result = new World(scenario, make, seed).run();
  return { ...result, nearPercent: (100 * nearby) / calls };
}

/** 21 servers of 4 workers and 10 ms: 8,400 calls a second are full load. */
const spread = (load: number): ZoneScenario => ({
  servers: 21,
  rates: Array.from({ length: 12 }, () => (8_400 * load) / 12),
  warmMs: 3_000,
  lengthMs: 18_000,
});
/** The load of zone 0 if it had to serve them all. */
const crowded = (load: number): ZoneScenario => ({ ...spread(load / 3), clientsInOneZone: true });

export const zoneScenarios: Readonly<Record<string, ZoneScenario>> = {
  "even, 20 % load": spread(0.2),
  "even, 60 % load": spread(0.6),
  "even, 80 % load": spread(0.8),
  "all clients in one zone, whose load would be 20 %": crowded(0.2),
  "... 60 %": crowded(0.6),
  "... 90 %": crowded(0.9),
  "... 120 %": crowded(1.2),
  "... 180 %": crowded(1.8),
  "... 240 %": crowded(2.4),
  "... 90 %, and its servers are 4x slower": { ...crowded(0.9), slowness: (server) => (server % 3 === 0 ? 4 : 1) },
  "... 90 %, and its servers fail": {
    ...crowded(0.9),
    plot: (world) => {
      for (let server = 0; server < 21; server += 3) world.setMode(server, { fails: 1 });
    },
  },
};
