/**
 * Real processes through real etcd: the same servers get the same calls from Rollcall, from the real go-zero client, from go-zero's
 * rule in Node and from grpc-js' round_robin. `npm run bench:fleet -- [--rows even,slow] [--rounds 3] [--seconds 10] [--json FILE]`,
 * about 40 minutes for everything; with --write it also fills docs/fleet.md. Needs etcd and Go.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startEtcd } from "../test/support/real-parts/etcd.js";
import { groupedChart } from "./fleet/chart.js";
import { contestants } from "./fleet/contestants.js";
import type { Run } from "./fleet/figures.js";
import { registerWithGoZeroRule } from "./fleet/go-zero-rule.js";
import { chartGroups, conditions, type RowResult, resultTable, summary } from "./fleet/report.js";
import { rows } from "./fleet/rows.js";
import { runRow } from "./fleet/run.js";
import { Servers } from "./fleet/servers.js";
import { fillPage } from "./sim/page/page.js";

const PAGE = "docs/fleet.md";
const CHARTS = "docs/fleet";

const { values: options } = parseArgs({
  options: {
    /** Names, with commas between them. Default: all. */
    rows: { type: "string" },
    rounds: { type: "string", default: "3" },
    /** How long calls are counted in each run. */
    seconds: { type: "string", default: "10" },
    /** How long calls are made before that. */
    warm: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
    /** A file for every run, gRPC codes and the calls of each instance included. */
    json: { type: "string" },
    /** Fills docs/fleet.md, with all rows only. */
    write: { type: "boolean", default: false },
  },
});
if (options.write && options.rows) throw new Error("--write fills the page with all rows: leave out --rows");
const chosen = (options.rows?.split(",") ?? Object.keys(rows)).map((name) => {
  const row = rows[name];
  if (!row) throw new Error(`--rows: no row "${name}", there are ${Object.keys(rows).join(", ")}`);
  return { name, row };
});
const rounds = positive("rounds");
const seed = positive("seed");
const [forMs, warmMs] = [positive("seconds") * 1000, positive("warm") * 1000];

const all = contestants(new URL("../dist/register.js", import.meta.url), await registerWithGoZeroRule("bench-fleet"));
const etcd = await startEtcd();
const servers = new Servers();
const results: RowResult[] = [];
try {
  for (const { name, row } of chosen) {
    const done: Map<string, Run>[] = [];
    for (let round = 0; round < rounds; round++) {
      // Each round begins with another one, so that nobody always runs after the same other.
      const order = all.map((_, i) => all[(i + round) % all.length]!);
      const runs = await runRow(name, row, order, seed + round, { etcd: etcd.endpoint, servers, warmMs, forMs });
      done.push(runs);
      for (const [contestant, run] of runs) {
        console.error(`${name}, round ${round + 1} of ${rounds}, ${contestant}: ${summary(run)}`);
      }
    }
    results.push({ name, row, rounds: done });
  }
} finally {
  await servers.stop();
  await etcd.stop();
}

const machine = conditions(rounds, seed, forMs, warmMs);
console.log(`${machine}\n\n${resultTable(results)}`);
if (options.json) {
  const plain = results.map(({ name, row, rounds: done }) => ({
    name,
    title: row.title,
    rounds: done.map((runs) => Object.fromEntries(runs)),
  }));
  writeFileSync(options.json, JSON.stringify({ machine, rows: plain }, null, 2));
}
if (options.write) {
  mkdirSync(CHARTS, { recursive: true });
  writeFileSync(`${CHARTS}/p99.svg`, groupedChart("p99 in ms, logarithmic", chartGroups(results)));
  await fillPage("machine", machine, PAGE);
  await fillPage("table", resultTable(results), PAGE);
}

function positive(name: "rounds" | "seconds" | "warm" | "seed"): number {
  const value = Number(options[name]);
  if (!(value > 0)) throw new Error(`--${name} ${options[name]}: want a number above 0`);
  return value;
}
