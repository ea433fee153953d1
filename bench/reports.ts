/**
 * What load reports of servers (ORCA) give, weighed in six ways: the balancer, changed to lean on what a server says of
 * itself, beside the balancer as it is. Each answer carries the truth, the time one more call would take at its server just
 * then; a count of requests in progress says less. Prints the table and writes it into docs/balancing.md.
 * `npm run bench:reports`, about two minutes.
 */
import { fillPage } from "./sim/page.js";
import { rollcall } from "./sim/rollcall.js";
import { tableScenarios } from "./sim/scenarios.js";
import { variant } from "./sim/variant.js";
import { World } from "./sim/world.js";

const SEEDS = [1, 2, 3, 4];
/** How much a fresh report weighs, and how fast that fades, in milliseconds. */
const WAYS = [
  { share: 0.5, fadeMs: 20 },
  { share: 0.5, fadeMs: 100 },
  { share: 0.5, fadeMs: 500 },
  { share: 0.9, fadeMs: 100 },
  { share: 0.9, fadeMs: 1_000 },
  { share: 0.33, fadeMs: 1_000 },
];

type Balancer = typeof import("../src/balancer/index.js");

function weighing(share: number, fadeMs: number): Promise<Balancer> {
  return variant(`reports-${share}-${fadeMs}`, [
    {
      file: "member.ts",
      from: "    this.#running -= 1;\n",
      to: `    this.#running -= 1;
    this.#pool.tick();
    this.reportedMs = _report as number;
    this.reportedAt = this.#pool.time;
`,
    },
    {
      file: "member.ts",
      from: "  weigh(): void {\n    this.#expect();\n",
      to: `  reportedMs = -0.5;
  reportedAt = -0.5;
  weigh(): void {
    this.#expect();
    if (this.reportedMs >= 0)
      this.#expectedMs +=
        ((this.reportedMs - this.#expectedMs) * ${share}) / growth((this.#pool.time - this.reportedAt) / ${fadeMs});
`,
    },
  ]);
}

/** By scenario and seed. */
function p99({ P2cEwma }: Balancer): number[][] {
  const make = rollcall({}, P2cEwma, { reports: true });
  return Object.values(tableScenarios).map((scenario) =>
    SEEDS.map((seed) => new World(scenario, make, seed).run().p99Ms),
  );
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

const without = p99(await import("../src/balancer/index.js"));
const head = ["p99 with reports, to without", ...Object.keys(tableScenarios)];
const rows = [row(head), row(head.map((_, i) => (i === 0 ? "---" : "---:")))];
console.log(rows.join("\n"));
for (const { share, fadeMs } of WAYS) {
  const results = p99(await weighing(share, fadeMs));
  const ratios = results.map((seeds, scenario) => {
    const each = seeds.map((ms, seed) => ms / without[scenario]![seed]!);
    return `${mean(each).toFixed(2)} (${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)})`;
  });
  rows.push(row([`weigh ${share}, fade over ${fadeMs} ms`, ...ratios]));
  console.log(rows.at(-1));
}
await fillPage("reports", rows.join("\n"));
