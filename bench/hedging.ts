/**
 * Hedging on top of the balancer, in virtual time: prints the table and writes it into docs/hedging.md.
 * `npm run bench:hedging`, or `npx tsx bench/hedging.ts <first seed> <seeds>` for other seeds (not written).
 */
import { fillPage, measuredWith } from "./sim/page/page.js";
import { mean, table } from "./sim/page/table.js";
import type { MakePolicy } from "./sim/policies/policy.js";
import { finagleWithBackups, oracle, references } from "./sim/policies/references.js";
import { rollcall } from "./sim/policies/rollcall.js";
import { fullScenarios, hedgedScenarios, ownTimeScenarios } from "./sim/scenarios/hedging.js";
import { type Result, type Scenario, World } from "./sim/world/world.js";

const firstSeed = Number(process.argv[2] ?? 1);
const seeds = Array.from({ length: Number(process.argv[3] ?? 1) }, (_, i) => firstSeed + i);
const runs = (scenario: Scenario, make: MakePolicy) => seeds.map((seed) => new World(scenario, make, seed).run());
const plain = rollcall();
const finagle = references["least request"]!;
const hedged = rollcall({}, undefined, { hedging: true });

const p99 = (results: readonly Result[]) => mean(results.map(({ p99Ms }) => p99Ms));
const copies = (results: readonly Result[]) =>
  `${mean(results.map((result) => (100 * result.copies) / result.calls)).toFixed(2)} %`;

const tails = Object.entries(hedgedScenarios).map(([name, { scenario, most }]) => {
  const [best, one, two] = [runs(scenario, oracle), runs(scenario, plain), runs(scenario, hedged)];
  const ratio = (p99(two) / p99(best)).toFixed(2);
  const backups = runs(scenario, finagleWithBackups);
  const goesOn = p99(runs({ ...scenario, losersGoOn: true }, hedged)).toFixed(1);
  const ours = [...[best, one, two].map((of) => p99(of).toFixed(1)), ratio, most.toFixed(2), copies(two), goesOn];
  return [name, ...ours, ...[runs(scenario, finagle), backups].map((of) => p99(of).toFixed(1)), copies(backups)];
});
const own = Object.entries(ownTimeScenarios).map(([name, scenario]) => {
  const [one, two] = [runs(scenario, plain), runs(scenario, hedged)];
  const [alone, backups] = [runs(scenario, finagle), runs(scenario, finagleWithBackups)];
  const ours = [p99(one).toFixed(1), p99(two).toFixed(1), (p99(two) / p99(one)).toFixed(3), "1.02", copies(two)];
  return [name, ...ours, (p99(backups) / p99(alone)).toFixed(3), copies(backups)];
});
const full = Object.entries(fullScenarios).map(([name, scenario]) => {
  const good = (results: readonly Result[]) => mean(results.map(({ calls, failed }) => calls - failed));
  const [one, two] = [runs(scenario, plain), runs(scenario, hedged)];
  const [alone, backups] = [runs(scenario, finagle), runs(scenario, finagleWithBackups)];
  const ours = [good(one).toFixed(0), good(two).toFixed(0), (good(two) / good(one)).toFixed(4), copies(two)];
  return [name, ...ours, (good(backups) / good(alone)).toFixed(4), copies(backups)];
});

const theirs = ["Finagle's ratio", "copies"];
const text = [
  table(
    [
      "p99, ms",
      ...["oracle", "without", "hedged", "to the oracle", "limit", "copies", "hedged, where losers go on"],
      ...["Finagle p2c", "with backup requests", "copies"],
    ],
    tails,
  ),
  table(["p99, ms; the time belongs to the request", "without", "hedged", "ratio", "limit", "copies", ...theirs], own),
  table(["answers before the deadline", "without", "hedged", "ratio", "copies", ...theirs], full),
].join("\n\n");
console.log(text);
if (process.argv.length === 2) await fillPage("hedging", `${measuredWith(...seeds)}\n\n${text}`, "docs/hedging.md");
