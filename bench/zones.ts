/**
 * Zone preference in the simulator, beside the same calls without it: prints the table, and writes it into
 * docs/balancing.md. `npm run bench:zones`, or `npx tsx bench/zones.ts <seed> <how many times farther other zones are>`
 * for others (not written).
 */
import { fillPage } from "./sim/page/page.js";
import { table } from "./sim/page/table.js";
import { runZones, zoneScenarios } from "./sim/scenarios/zones.js";

const seed = Number(process.argv[2] ?? 1);
const elsewhere = Number(process.argv[3] ?? 2);

const without = "without zones";
const head = ["", "calls in the own zone, %", "mean, ms", without, "p99, ms", without, "failed, %", without];
const rows: string[][] = [];
for (const [name, scenario] of Object.entries(zoneScenarios)) {
  const [on, off] = [runZones(scenario, elsewhere, seed), runZones(scenario, 1, seed)];
  const failed = ({ failed: count, calls }: typeof on) => ((100 * count) / calls).toFixed(2);
  const cells = [name, on.nearPercent.toFixed(0), on.meanMs.toFixed(1), off.meanMs.toFixed(1), on.p99Ms.toFixed(0)];
  rows.push([...cells, off.p99Ms.toFixed(0), failed(on), failed(off)]);
}
console.log(table(head, rows));
if (process.argv.length === 2) await fillPage("zones", table(head, rows));
