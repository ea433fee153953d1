/**
 * Rollcall beside the real go-zero in one run: what a pick costs, how soon clients know of who comes and goes, memory, start-up
 * times, and the rows of bench:fleet as docs/fleet.md has them; ratios with their spread, and where go-zero wins.
 * `npm run bench:interop -- [--part pick|joins|memory|start-up] [--rounds 20] [--services 1000] [--write]`, about four minutes; with
 * --write it fills docs/interop.md. Needs etcd and Go.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { etcdVersion, startEtcd } from "../test/support/real-parts/etcd.js";
import type { Comparison } from "./interop/comparison.js";
import { compiled, contestants, Files } from "./interop/contestants.js";
import { fleetRows } from "./interop/fleet-page.js";
import { joins } from "./interop/joins.js";
import { memory } from "./interop/memory.js";
import { pickCycle } from "./interop/pick-cycle.js";
import { comparisonTable, conditions, fleetTable, whereGoWins } from "./interop/report.js";
import { startUp } from "./interop/start-up.js";
import { fillPage } from "./sim/page/page.js";
import { wholeNumber } from "./support/whole-number.js";

const PAGE = "docs/interop.md";
/** Programs of their own at this place find the package that is built beside them. */
const PROGRAMS = ".cache/bench-interop";

const { values: options } = parseArgs({
  options: {
    /** One of the parts. Default: all. */
    part: { type: "string" },
    /** Pairs of joins and of starts; the others take a part of it, as each takes longer. */
    rounds: { type: "string", default: "20" },
    services: { type: "string", default: "1000" },
    /** Fills docs/interop.md, with all parts only. */
    write: { type: "boolean", default: false },
  },
});
if (options.write && options.part) throw new Error("--write fills the page with all parts: leave out --part");
const [rounds, services] = [wholeNumber("rounds", options.rounds), wholeNumber("services", options.services)];

const machine = conditions((etcdVersion() ?? []).join("."));
const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-interop-"));
const node = await compiled(PROGRAMS, "published");
const both = contestants(node);
const etcd = await startEtcd();
const files = new Files(folder, etcd.endpoint);
const parts: Readonly<Record<string, () => Promise<Comparison[]>>> = {
  pick: () => pickCycle(Math.ceil(rounds / 2)),
  joins: () => joins(rounds, both, etcd.endpoint, files),
  memory: () => memory(Math.ceil(rounds / 7), services, both, etcd.endpoint),
  "start-up": () => startUp(rounds, both, node, etcd.endpoint, files),
};
const found: Comparison[] = [];
try {
  for (const name of options.part ? [options.part] : Object.keys(parts)) {
    const part = parts[name];
    if (!part) throw new Error(`--part ${name}: there are ${Object.keys(parts).join(", ")}`);
    const began = performance.now();
    found.push(...(await part()));
    console.error(`${name}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  }
} finally {
  await etcd.stop();
  rmSync(folder, { recursive: true, force: true });
}

const fleet = fleetRows(readFileSync("docs/fleet.md", "utf8"));
console.log(`${machine}\n\n${comparisonTable(found)}\n`);
console.log(`bench:fleet, as docs/fleet.md has it:\n\n${fleetTable(fleet)}\n\n${whereGoWins(found, fleet)}`);
if (options.write) {
  await fillPage("machine", machine, PAGE);
  await fillPage("beside", comparisonTable(found), PAGE);
  await fillPage("go-wins", whereGoWins(found, fleet), PAGE);
}
