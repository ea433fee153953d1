import { lognormal, pareto, steady } from "../world/random.js";
import type { Kind, Scenario } from "./scenario.js";
import { same, spells } from "./scenarios.js";

/** Methods of different cost, as real services have them: many fast calls, some that take long, a few that take very long. */
const threeKinds: readonly Kind[] = [
  { name: "/shop.Orders/Get", share: 0.86, ms: 4, service: steady },
  { name: "/shop.Orders/List", share: 0.11, ms: 45, service: steady },
  { name: "/shop.Orders/Report", share: 0.03, ms: 260, service: steady },
];
const twoKinds: readonly Kind[] = [
  { name: "/shop.Orders/Cached", share: 0.9, ms: 3, service: steady },
  { name: "/shop.Orders/Computed", share: 0.1, ms: 120, service: steady },
];

const meanMs = (kinds: readonly Kind[]) => kinds.reduce((sum, { share, ms }) => sum + share * ms, 0);

/** Servers of 6 workers, and so many clients that together ask for this share of what the servers can do. */
function mixed(
  kinds: readonly Kind[],
  { servers = 18, clients = 8, load = 0.62, slowness = (_server: number): number => 1 } = {},
): Scenario {
  let speed = 0;
  for (let i = 0; i < servers; i++) speed += 1 / slowness(i);
  const rates = same(clients, (load * speed * 6 * 1_000) / meanMs(kinds));
  return { servers, workers: 6, kinds, rates, slowness };
}
const sixthSlower = (server: number) => (server % 6 === 0 ? 4 : 1);
const withSpells = (scenario: Scenario): Scenario => ({
  ...scenario,
  plot: (world) => spells(world, { times: 6, lastMs: 800, everyMs: 10_000 }),
});

const rows = (kinds: readonly Kind[]): Readonly<Record<string, Scenario>> => ({
  "even, 62 % load": mixed(kinds),
  "a sixth of servers 4x slower, 62 %": mixed(kinds, { slowness: sixthSlower }),
  "6x slow spells of 0.8 s, 50 %": withSpells(mixed(kinds, { load: 0.5 })),
  "140 sparse clients, 36 servers, a quarter 3x slower": mixed(kinds, {
    servers: 36,
    clients: 140,
    slowness: (server) => (server % 4 === 0 ? 3 : 1),
  }),
});

export const threeKindScenarios = rows(threeKinds);
export const twoKindScenarios: Readonly<Record<string, Scenario>> = {
  ...rows(twoKinds),
  "4 servers of 4 workers, one client, 48 %": {
    ...mixed(twoKinds, { servers: 4, clients: 1, load: (0.48 * 4) / 6 }),
    workers: 4,
  },
  "18 servers, one client, 62 %": mixed(twoKinds, { clients: 1 }),
};

/** One kind whose service times vary more than exponential ones. */
const tailed = (service: Kind["service"]) => mixed([{ name: "/shop.Orders/Get", share: 1, ms: 10, service }]);
export const tailScenarios: Readonly<Record<string, Scenario>> = {
  "Pareto 1.5": tailed(pareto(1.5)),
  "Pareto 2": tailed(pareto(2)),
  "Pareto 2.5": tailed(pareto(2.5)),
  "lognormal, deviation 0.8": tailed(lognormal(0.8)),
  "lognormal, deviation 1.6": tailed(lognormal(1.6)),
};

/** The network loses a tenth of what is sent either way: what is then slow is the connection, for a moment. */
const loss = 1 - 0.9 ** 2;
export const lossScenarios: Readonly<Record<string, Scenario>> = {
  "10 % loss, 3 servers, one client, 100 calls a second": { servers: 3, rates: [100], loss },
  "10 % loss, 3 servers, one client, 500 calls a second": { servers: 3, rates: [500], loss },
  "10 % loss, 10 servers, 4 clients, 40 %": { servers: 10, rates: same(4, 1_600), loss },
};
