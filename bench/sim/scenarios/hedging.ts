import type { Scenario } from "../world/world.js";
import { same, tableScenarios } from "./scenarios.js";

/** Rows of which p99 is compared with that of the oracle with one copy, and how many times as long it may be. */
export const hedgedScenarios: Readonly<Record<string, { scenario: Scenario; most: number }>> = {
  "even, 80 % load": { scenario: tableScenarios["even, 80 % load"]!, most: 0.96 },
  "a fifth of servers 4x slower, 75 %": { scenario: tableScenarios["a fifth of servers 4x slower, 75 %"]!, most: 1 },
  "6x slow spells of 0.7 s, 60 %": { scenario: tableScenarios["6x slow spells of 0.7 s, 60 %"]!, most: 1.08 },
  "200 sparse clients, 50 servers, a fifth 2.5x slower": {
    scenario: tableScenarios["200 sparse clients, 50 servers, a fifth 2.5x slower"]!,
    most: 1.22,
  },
  "one of 20 hangs": {
    scenario: { servers: 20, rates: same(10, 8_000 * 0.6), plot: (world) => world.setMode(0, "hangs") },
    most: 0.9,
  },
};

/** Those of the table again, where the time belongs to the request: p99 against the same without hedging. */
export const ownTimeScenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  Object.entries(hedgedScenarios)
    .filter(([name]) => name in tableScenarios)
    .map(([name, { scenario }]) => [name, { ...scenario, ownTime: true }]),
);

const full = (load: number, deadlineMs: number): Scenario => ({
  servers: 20,
  rates: same(10, 8_000 * load),
  deadlineMs,
});

/** More work than the servers can do: answers before the deadline, against the same without hedging. */
export const fullScenarios: Readonly<Record<string, Scenario>> = {
  "120 % load, deadline 500 ms": full(1.2, 500),
  "120 % load, deadline 2 s": full(1.2, 2_000),
};
