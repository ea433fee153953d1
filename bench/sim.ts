/**
 * The balancer beside the published policies, in virtual time: prints the tables, and writes them and the charts into
 * docs/balancing.md. `npm run bench:sim`; `npm run bench:sim -- <section>...` for some of the tables, by the names below; or
 * `npx tsx bench/sim.ts <first seed> <seeds>` for other seeds (not written).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { barChart } from "./sim/page/chart.js";
import { fillPage, measuredWith } from "./sim/page/page.js";
import { mean, table } from "./sim/page/table.js";
import type { MakePolicy } from "./sim/policies/policy.js";
import { informedReferences, oracle, references } from "./sim/policies/references.js";
import { rollcall } from "./sim/policies/rollcall.js";
import { antagonistScenarios } from "./sim/scenarios/antagonists.js";
import { type ClosedLoop, callsOf, sequentialLoops, streamLoops, unevenness } from "./sim/scenarios/closed-loop.js";
import { backAfterMs } from "./sim/scenarios/deadline.js";
import { failureRun } from "./sim/scenarios/failure-run.js";
import { lossScenarios, tailScenarios, threeKindScenarios, twoKindScenarios } from "./sim/scenarios/mixed.js";
import type { Scenario } from "./sim/scenarios/scenario.js";
import { extremes, failures, tableScenarios, variations } from "./sim/scenarios/scenarios.js";
import { type Result, World } from "./sim/world/world.js";

const CHARTS = "docs/balancing";
const OURS = "Rollcall";
const given = process.argv.slice(2);
const written = given.every((argument) => Number.isNaN(Number(argument)));
const [firstSeed, count] = written ? [1, 2] : [Number(given[0]), Number(given[1] ?? 2)];
const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
/** For extremes, which show themselves seldom. */
const manySeeds = Array.from({ length: 50 * seeds.length }, (_, i) => firstSeed + i);

const policies: Readonly<Record<string, MakePolicy>> = { ...references, [OURS]: rollcall(), oracle };
const spread = (numbers: readonly number[]) => {
  const center = mean(numbers);
  return `${center.toFixed(2)} ± ${Math.sqrt(mean(numbers.map((one) => (one - center) ** 2))).toFixed(2)}`;
};
const number = (value: number) => (value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toFixed(1));

function runs(scenario: Scenario, make: MakePolicy): Result[] {
  return seeds.map((seed) => new World(scenario, make, seed).run());
}

/** The ratios to the best reference, seed by seed, as a range. */
function ratios(ours: readonly Result[], others: readonly Result[][], of: (result: Result) => number): string {
  const all = ours.map((result, i) => of(result) / Math.min(...others.map((results) => of(results[i]!))));
  return all.length === 1 ? all[0]!.toFixed(2) : `${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}`;
}

function latencyTable(scenarios: Readonly<Record<string, Scenario>>, chart: boolean): string {
  const rows = Object.entries(scenarios).map(([name, scenario], index) => {
    const results = Object.entries(policies).map(([policy, make]) => ({ policy, runs: runs(scenario, make) }));
    const others = results.filter(({ policy }) => policy in references).map((result) => result.runs);
    const ours = results.find(({ policy }) => policy === OURS)!.runs;
    const p99 = results.map((result) => mean(result.runs.map((run) => run.p99Ms)));
    if (chart && written) {
      const bars = results.map(({ policy }, i) => ({ name: policy, value: p99[i]! }));
      writeFileSync(`${CHARTS}/p99-${index + 1}.svg`, barChart(`${name}: p99 in ms, logarithmic`, bars, OURS));
    }
    const cells = results.map(({ policy }, i) => (policy === OURS ? `**${number(p99[i]!)}**` : number(p99[i]!)));
    return [name, ...cells, ratios(ours, others, (run) => run.p99Ms), ratios(ours, others, (run) => run.meanMs)];
  });
  return table(["p99, ms", ...Object.keys(policies), "p99 to best", "mean to best"], rows);
}

/** What changing members cost: p99 against the same servers and calls without changes. */
function costOfChanges(): string {
  const p99 = (scenario: Scenario) => runs(scenario, rollcall()).map((run) => run.p99Ms);
  const without = p99(tableScenarios["a fifth of servers 4x slower, 75 %"]!);
  const cost = p99(tableScenarios["members change every 0.5 s, a fifth 4x slower"]!).map((ms, i) => ms / without[i]!);
  return `Members that change every 0.5 s: p99 is ${Math.min(...cost).toFixed(2)} to ${Math.max(...cost).toFixed(2)} times that of the same without changes (limit 1.10).`;
}

/** p99 of each kind of call, the balancer being told the kinds and not being told. */
function kindTable(scenarios: Readonly<Record<string, Scenario>>): string {
  const told = { ...references, [OURS]: rollcall(), untold: rollcall({}, undefined, { kinds: false }), oracle };
  const rows = Object.entries(scenarios).map(([name, scenario]) => {
    const p99s = Object.values(told).map((make) => runs(scenario, make).map((run) => run.kindP99Ms));
    const names = Object.keys(told);
    const others = p99s.slice(0, Object.keys(references).length);
    const kinds = p99s[0]![0]!.map((_, kind) => kind);
    const figures = p99s.map((of) => kinds.map((kind) => number(mean(of.map((run) => run[kind]!)))).join(" · "));
    const toBest = (ours: readonly (readonly number[])[]) =>
      kinds
        .map((kind) =>
          mean(ours.map((run, i) => run[kind]! / Math.min(...others.map((of) => of[i]![kind]!)))).toFixed(2),
        )
        .join(" · ");
    const ours = [OURS, "untold"].map((policy) => toBest(p99s[names.indexOf(policy)]!));
    return [name, ...figures, ...ours];
  });
  const heads = [...Object.keys(references), `${OURS}, kinds told`, `${OURS}, not told`, "oracle"];
  return table(["p99 of the kinds, ms", ...heads, "told, to best", "not told, to best"], rows);
}

/** The median over many seeds. */
function median(of: (seed: number) => number): number {
  const values = manySeeds.map(of).sort((a, b) => a - b);
  return values[values.length >> 1]!;
}

function closedTable(title: string, loops: Readonly<Record<string, ClosedLoop>>, of: typeof unevenness): string {
  const shown = { ...references, [OURS]: rollcall(), [`${OURS}, not told`]: rollcall({}, undefined, { kinds: false }) };
  const rows = Object.entries(loops).map(([name, loop]) => [
    name,
    ...Object.values(shown).map((make) => median((seed) => of(callsOf(loop, make, seed))).toFixed(2)),
  ]);
  return table([title, ...Object.keys(shown)], rows);
}

function deadlineTable(): string {
  const rates = [1, 2, 5, 50];
  const rows = [true, false].map((kinds) => [
    kinds ? "kinds told" : "not told",
    ...rates.map(
      (rate) =>
        `${(median((seed) => backAfterMs(rate, rollcall({}, undefined, { kinds }), seed)) / 1_000).toFixed(1)} s`,
    ),
  ]);
  return table(["used again after", ...rates.map((rate) => `${rate} calls a second`)], rows);
}

function failureTable(): string {
  const rows = Object.entries(failures).map(([name, { scenario, mostPercent }]) => {
    const of = (make: MakePolicy) => seeds.map((seed) => failureRun(scenario, make, seed));
    const cells = Object.entries(policies).map(([policy, make]) => {
      const failed = mean(of(make).map((run) => run.failed)).toFixed(2);
      return policy === OURS ? `**${failed}**` : failed;
    });
    const shares = manySeeds.map((seed) => failureRun(scenario, rollcall(), seed).shares);
    const recovered = spread(shares.map(([first]) => first!));
    return [name, ...cells, String(mostPercent), recovered, spread(shares.flatMap(([, ...others]) => others))];
  });
  return table(["failed calls, %", ...Object.keys(policies), "limit", "its share afterwards", "the others'"], rows);
}

function extremesTable(): string {
  const rows = Object.entries(extremes).map(([name, scenario]) => {
    const results = manySeeds.map((seed) => new World(scenario, rollcall(), seed).run());
    const most = Math.max(...results.map((result) => result.mostRunning));
    const shares = results.flatMap(({ shares: all }) => all.map((share) => (share / mean(all)) * 100));
    return [name, String(most), `${Math.min(...shares).toFixed(0)} to ${Math.max(...shares).toFixed(0)} %`];
  });
  return table(
    [`${OURS}, ${manySeeds.length} seeds`, "most in flight at one server", "calls of a server, of the even share"],
    rows,
  );
}

/** The balancer beside policies whose servers take part, on one seed: their probes make runs long. */
function informedTables(): string {
  const informed = { [OURS]: rollcall(), ...informedReferences, oracle };
  const rows = (scenarios: Readonly<Record<string, Scenario>>) =>
    Object.entries(scenarios).map(([name, scenario]) => {
      // gRFC A58 believes no weight in the first 10 s: they do not count.
      const later = { warmMs: 10_000, ...scenario, lengthMs: 15_000 };
      const p99s = Object.values(informed).map((make) => new World(later, make, firstSeed).run().kindP99Ms);
      return [name, ...p99s.map((kinds) => kinds.map(number).join(" · "))];
    });
  const failed = Object.entries(failures).map(([name, { scenario }]) => [
    name,
    ...Object.values(informed).map((make) => failureRun(scenario, make, firstSeed).failed.toFixed(2)),
  ]);
  const names = Object.keys(informed);
  return [
    table(["p99, ms", ...names], rows({ ...tableScenarios, ...antagonistScenarios })),
    table(["p99 of three kinds, ms", ...names], rows(threeKindScenarios)),
    table(["failed calls, %", ...names], failed),
  ].join("\n\n");
}

/** What the one with most streams gets, of its fair share. */
function shareOfFirst([first = 0, ...others]: readonly number[]): number {
  const all = first + others.reduce((sum, calls) => sum + calls, 0);
  return (first / all) * (others.length + 1);
}

if (written) mkdirSync(CHARTS, { recursive: true });
const sections: Readonly<Record<string, () => string>> = {
  machine: () => measuredWith(...seeds),
  table: () => latencyTable(tableScenarios, true),
  changes: costOfChanges,
  failures: failureTable,
  variations: () => latencyTable(variations, false),
  kinds: () => kindTable(threeKindScenarios),
  "two-kinds": () => kindTable(twoKindScenarios),
  tails: () => latencyTable(tailScenarios, false),
  streams: () => closedTable("share of the one with most streams, of its fair one", streamLoops, shareOfFirst),
  sequential: () => closedTable("most to fewest of 300 calls", sequentialLoops, unevenness),
  deadline: deadlineTable,
  loss: () => latencyTable(lossScenarios, false),
  extremes: extremesTable,
  informed: () => `${measuredWith(firstSeed)}\n\n${informedTables()}`,
};
const asked = written && given.length > 0 ? given : Object.keys(sections);
for (const name of asked) {
  const text = sections[name]?.();
  if (text === undefined) throw new Error(`no section ${name}: there are ${Object.keys(sections).join(", ")}`);
  console.log(`\n${text}`);
  if (written) await fillPage(name, text);
}
