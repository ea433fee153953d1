/**
 * What load reports of servers (ORCA) give, weighed in nine ways: the balancer, changed to lean on what a server says of
 * itself, beside the balancer as it is. Each answer carries the truth, the time one more call would take at its server just
 * then; a count of requests in progress says less. Prints the table and writes it into docs/balancing.md.
 * `npm run bench:reports`, about two minutes.
 */
import { fillPage } from "./sim/page.js";
import { rollcall } from "./sim/rollcall.js";
import { tableScenarios } from "./sim/scenarios.js";
import { mean, table } from "./sim/table.js";
import { type Balancer, variant } from "./sim/variant.js";
import { World } from "./sim/world.js";

const SEEDS = [1, 2, 3, 4];
/**
 * How much a fresh report weighs, how fast that fades, in milliseconds, and what leans on it: the expected latency, which is
 * then multiplied by the calls in flight as ever, or the load itself.
 */
const WAYS = [
  { leans: "latency", share: 0.5, fadeMs: 20 },
  { leans: "latency", share: 0.5, fadeMs: 100 },
  { leans: "latency", share: 0.5, fadeMs: 500 },
  { leans: "latency", share: 0.9, fadeMs: 100 },
  { leans: "latency", share: 0.9, fadeMs: 1_000 },
  { leans: "latency", share: 0.33, fadeMs: 1_000 },
  { leans: "load", share: 0.5, fadeMs: 100 },
  { leans: "load", share: 0.9, fadeMs: 100 },
  { leans: "load", share: 0.9, fadeMs: 1_000 },
] as const;
type Way = (typeof WAYS)[number];

function weighing({ leans, share, fadeMs }: Way): Promise<Balancer> {
  const weight = `(this.reportedMs < 0 ? 0 : ${share} / growth((this.#pool.time - this.reportedAt) / ${fadeMs}))`;
  const lean = {
    latency: {
      from: "  weigh(kind: Kind): void {\n    this.expect(this.#pool);\n",
      to: `  weigh(kind: Kind): void {
    this.expect(this.#pool);
    this.expected += (Math.sqrt(Math.max(0, this.reportedMs)) - this.expected) * ${weight};
`,
    },
    load: {
      from: "    if (crowd > FEW) this.#crowd(busy, crowd, kind.unseen);\n",
      to: `    this.weighed += (this.reportedMs * kind.unseen - this.weighed) * ${weight};\n`,
    },
  };
  return variant(`reports-${leans}-${share}-${fadeMs}`, [
    {
      file: "member.ts",
      from: "    const { open } = this;\n",
      to: `    const { open } = this;
    this.#pool.tick();
    this.reportedMs = _report as number;
    this.reportedAt = this.#pool.time;
`,
    },
    {
      file: "member.ts",
      from: "  readonly key: K;\n",
      to: "  reportedMs = -0.5;\n  reportedAt = -0.5;\n  readonly key: K;\n",
    },
    { file: "member.ts", ...lean[leans] },
  ]);
}

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
