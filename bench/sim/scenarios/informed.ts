import { table } from "../page/table.js";
import type { MakePolicy } from "../policies/policy.js";
import { informedReferences, oracle } from "../policies/references.js";
import { rollcall } from "../policies/rollcall.js";
import { World } from "../world/world.js";
import { antagonistScenarios } from "./antagonists.js";
import { failureRun } from "./failure-run.js";
import { threeKindScenarios } from "./mixed.js";
import type { Scenario } from "./scenario.js";
import { failures, tableScenarios } from "./scenarios.js";

const policies: Readonly<Record<string, MakePolicy>> = { Rollcall: rollcall(), ...informedReferences, oracle };
/** gRFC A58 believes no weight in the first 10 s: they do not count. */
const later = (scenario: Scenario): Scenario => ({ warmMs: 10_000, ...scenario, lengthMs: 15_000 });
const number = (value: number) => (value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toFixed(1));

/** The balancer beside policies whose servers take part, on one seed. */
export function informedTables(seed: number): string {
  const rows = (scenarios: Readonly<Record<string, Scenario>>) =>
    Object.entries(scenarios).map(([name, scenario]) => [
      name,
      ...Object.values(policies).map((make) =>
        new World(later(scenario), make, seed).run().kindP99Ms.map(number).join(" · "),
      ),
    ]);
  const failed = Object.entries(failures).map(([name, { scenario }]) => [
    name,
    ...Object.values(policies).map((make) => failureRun(scenario, make, seed).failed.toFixed(2)),
  ]);
  return [
    table(["p99, ms", ...Object.keys(policies)], rows({ ...tableScenarios, ...antagonistScenarios })),
    table(["p99 of three kinds, ms", ...Object.keys(policies)], rows(threeKindScenarios)),
    table(["failed calls, %", ...Object.keys(policies)], failed),
  ].join("\n\n");
}
