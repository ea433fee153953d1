import { truncatedNormal } from "../world/random.js";
import type { Scenario } from "./scenario.js";
import { same, spells } from "./scenarios.js";

/** Calls a second that the servers' allocation can do: 20 of 4 workers each and 10 ms. */
const ALLOCATED = 8_000;
/** Steps of the ramp, as share of the allocation: every second of the paper's. */
const RAMP = [0.75, 0.93, 1.14, 1.41, 1.74];

/**
 * Prequal's testbed in small (its section 5.1): on a machine without antagonists a server may use 2.5 times what it was
 * allocated; for a third of the time, in spells of 2 s, a neighbour leaves it no more than that. Work is normal with a deviation
 * of its mean, cut at 0; the deadline is 5 s. The paper has 100 servers and 100 clients, here 20 and 10.
 */
export const antagonistScenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  RAMP.map((load) => [
    `antagonists, ${load} of the allocation`,
    {
      servers: 20,
      workers: 10,
      service: truncatedNormal,
      rates: same(10, ALLOCATED * load),
      deadlineMs: 5_000,
      plot: (world) => spells(world, { times: 2.5, lastMs: 2_000, everyMs: 4_000 }),
    } satisfies Scenario,
  ]),
);
