/**
 * Zone preference in the simulator, beside the same calls without it: prints the table of docs/balancing.md, "Zones".
 * `npx tsx bench/zones.ts [seed] [how many times farther other zones are]`.
 */
import { runZones, zoneScenarios } from "./sim/zones.js";

const seed = Number(process.argv[2] ?? 1);
const elsewhere = Number(process.argv[3] ?? 2);

console.log(
  "| | calls in the own zone, % | mean, ms | without zones | p99, ms | without zones | failed, % | without zones |",
);
console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const [name, scenario] of Object.entries(zoneScenarios)) {
  const [on, off] = [runZones(scenario, elsewhere, seed), runZones(scenario, 1, seed)];
  const failed = ({ failed: count, calls }: typeof on) => ((100 * count) / calls).toFixed(2);
  const cells = [name, on.nearPercent.toFixed(0), on.meanMs.toFixed(1), off.meanMs.toFixed(1), on.p99Ms.toFixed(0)];
  console.log(`| ${[...cells, off.p99Ms.toFixed(0), failed(on), failed(off)].join(" | ")} |`);
}
