/**
 * What each constant of the balancer is worth: halves and doubles one at a time and runs the simulator's tables again.
 * Prints the table and writes it into docs/balancing.md. `npm run bench:constants`, about ten minutes.
 */
import { readFile } from "node:fs/promises";
import { fillPage } from "./sim/page/page.js";
import { mean } from "./sim/page/table.js";
import { rollcall } from "./sim/policies/rollcall.js";
import { failureRun } from "./sim/scenarios/failure-run.js";
import type { Scenario } from "./sim/scenarios/scenario.js";
import { failures, tableScenarios } from "./sim/scenarios/scenarios.js";
import { type Balancer, variant } from "./sim/variants/variant.js";
import { World } from "./sim/world/world.js";

const CONSTANTS = new URL("../src/balancer/p2c/constants.ts", import.meta.url);
const SEEDS = [1, 2, 3];

/** By scenario: p99 in ms where speed is measured, percent of calls failed where failures are. */
interface Outcome {
  readonly p99: ReadonlyMap<string, number>;
  readonly failed: ReadonlyMap<string, number>;
}

function measure({ P2cEwma }: Balancer): Outcome {
  const make = rollcall({}, P2cEwma);
  const over = (scenarios: Readonly<Record<string, Scenario>>, of: (scenario: Scenario, seed: number) => number) =>
    new Map(
      Object.entries(scenarios).map(
        ([name, scenario]) => [name, mean(SEEDS.map((seed) => of(scenario, seed)))] as const,
      ),
    );
  return {
    p99: over(tableScenarios, (scenario, seed) => new World(scenario, make, seed).run().p99Ms),
    failed: over(
      Object.fromEntries(Object.entries(failures).map(([name, { scenario }]) => [name, scenario])),
      (scenario, seed) => failureRun(scenario, make, seed).failed,
    ),
  };
}

/** The greatest gain and the greatest loss against the balancer as it is, and where the loss is. */
function range(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): string {
  const ratios = [...now].map(([name, value]) => ({ name, ratio: value / before.get(name)! }));
  ratios.sort((a, b) => a.ratio - b.ratio);
  const worst = ratios.at(-1)!;
  const where = worst.ratio > 1.01 ? ` (${worst.name})` : "";
  return `${ratios[0]!.ratio.toFixed(2)} to ${worst.ratio.toFixed(2)}${where}`;
}

const before = measure(await import("../src/balancer/index.js"));
const rows = [
  "| constant | value | p99 with half of it | p99 with twice | failed calls with half | with twice |",
  "| --- | ---: | --- | --- | --- | --- |",
];
const source = await readFile(CONSTANTS, "utf8");
for (const [line, name, value] of source.matchAll(/^export const (\w+) = ([\d_.]+);$/gm)) {
  const times = async (factor: number) => {
    const text = line.replace(value!, String(Number(value!.replaceAll("_", "")) * factor));
    return measure(await variant(`${name}-${factor}`, [{ file: "p2c/constants.ts", from: line, to: text }]));
  };
  const [half, twice] = [await times(0.5), await times(2)];
  rows.push(
    `| ${name} | ${value!.replaceAll("_", ",")} | ${range(half.p99, before.p99)} | ${range(twice.p99, before.p99)} ` +
      `| ${range(half.failed, before.failed)} | ${range(twice.failed, before.failed)} |`,
  );
  console.log(rows.at(-1));
}
await fillPage("constants", rows.join("\n"));
