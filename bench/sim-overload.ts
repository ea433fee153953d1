/**
 * More work than servers can do, and a retry storm, in virtual time with the classes that shed and that listen: prints the
 * tables and writes them into docs/overload.md. `npm run bench:sim-overload`, or `npx tsx bench/sim-overload.ts <first seed>
 * <seeds>` for other seeds (not written).
 */
import { fillPage, measuredWith } from "./sim/page/page.js";
import { mean, table } from "./sim/page/table.js";
import { goodput, LOADS, overload, PEAK, retryingSides, STORM, sides, storm } from "./sim/scenarios/overload.js";

const firstSeed = Number(process.argv[2] ?? 1);
const seeds = Array.from({ length: Number(process.argv[3] ?? 1) }, (_, i) => firstSeed + i);

const rows = LOADS.map((load) => {
  const scenario = overload(load);
  const cells = Object.values(sides).map((side) => {
    const runs = seeds.map((seed) => goodput(scenario, side, seed, scenario.warmMs!, scenario.lengthMs!));
    const percent = (100 * mean(runs.map(({ perSecond }) => perSecond))) / PEAK;
    const p99 = mean(runs.map(({ p99Ms }) => p99Ms));
    return `${percent.toFixed(1)} %${Number.isNaN(p99) ? "" : `, ${p99.toFixed(0)} ms`}`;
  });
  return [`${load} times`, ...cells];
});

const storms = Object.entries(retryingSides).map(([name, side]) => {
  const during = seeds.map((seed) => goodput(storm, side, seed, STORM.from, STORM.to));
  const after = seeds.map((seed) => goodput(storm, side, seed, STORM.to, STORM.end));
  const percent = (of: typeof during) => `${(100 * mean(of.map(({ share }) => share))).toFixed(1)} %`;
  const back = after.map(({ recoveryMs }) =>
    recoveryMs === undefined ? "never" : `${(recoveryMs / 1_000).toFixed(2)} s`,
  );
  const attempts = mean(after.map((run) => run.attempts)).toFixed(2);
  return [name, percent(during), percent(after), [...new Set(back)].join(", "), attempts];
});

const text = [
  measuredWith(...seeds),
  table(["load; answered in time, of what can be done; p99 of the answered", ...Object.keys(sides)], rows),
  table(
    [
      "retry storm",
      "answered in the storm",
      "answered in the 20 s after it",
      "nine in ten answered again after",
      "attempts a call",
    ],
    storms,
  ),
].join("\n\n");
console.log(text);
if (process.argv.length === 2) await fillPage("simulated", text, "docs/overload.md");
