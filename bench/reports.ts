/**
 * What load reports of servers (ORCA) give, weighed in nine ways: the balancer, changed to lean on what a server says of
 * itself, beside the balancer as it is. Each answer carries the truth, the time one more call would take at its server just
 * then; a count of requests in progress says less. Prints the table and writes it into docs/balancing.md.
 * `npm run bench:reports`, about two minutes.
 */
import { fillPage } from "./sim/page/page.js";
import { mean, table } from "./sim/page/table.js";
import { rollcall } from "./sim/policies/rollcall.js";
import { tableScenarios } from "./sim/scenarios/scenarios.js";
import { WAYS, weighing } from "./sim/variants/reporting.js";
import type { Balancer } from "./sim/variants/variant.js";
import { World } from "./sim/world/world.js";

const SEEDS = [1, 2, 3, 4];

/** By scenario and seed. */
function p99({ P2cEwma }: Balancer): number[][] {
  const make = rollcall({}, P2cEwma, { reports: true });
  return Object.values(tableScenarios).map((scenario) =>
    SEEDS.map((seed) => new World(scenario, make, seed).run().p99Ms),
  );
}

const without = p99(await import("../src/balancer/index.js"));
const head = ["p99 with reports, to without", ...Object.keys(tableScenarios)];
const rows: string[][] = [];
for (const way of WAYS) {
  const results = p99(await weighing(way));
  const ratios = results.map((seeds, scenario) => {
    const each = seeds.map((ms, seed) => ms / without[scenario]![seed]!);
    return `${mean(each).toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`;
  });
  rows.push([`${way.leans}, by ${way.share}, fading over ${way.fadeMs} ms`, ...ratios]);
}
console.log(table(head, rows));
await fillPage("reports", table(head, rows));
