import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { quantile } from "../registry/figures.js";
import { table } from "../sim/page/table.js";
import { cores } from "../support/machine.js";
import { type Comparison, ratio, winner } from "./comparison.js";
import { GO_ZERO, OURS } from "./contestants.js";
import type { FleetRow } from "./fleet-page.js";

const GO_MOD = new URL("../../interop/go.mod", import.meta.url);

/** Medians of both, Rollcall's figures to go-zero's, and who has less. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const head = ["median", OURS, GO_ZERO, `to ${GO_ZERO}'s`, "less", "beside"];
  const rows = comparisons.map((comparison) => {
    const { what, unit, figures, beside } = comparison;
    const { median, low, high } = ratio(comparison);
    const show = (values: readonly number[]) => `${figure(quantile(values, 0.5))} ${unit}`;
    const spread = `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}, ${figures[OURS].length} pairs)`;
    const less = winner(comparison) ?? "even";
    return [
      what,
      show(figures[OURS]),
      show(figures[GO_ZERO]),
      spread,
      less,
      (beside ?? []).map((one) => `${one.what} ${show(one.figures)}`).join(", "),
    ];
  });
  return table(head, rows);
}

/** Of the real processes of bench:fleet, as its page has them: who had the lower p99. */
export function fleetTable(rows: readonly FleetRow[]): string {
  const lines = rows.map(({ row, calls, ours, theirs, ratio: p99 }) => [
    calls === "all" ? row : `${row}: ${calls}`,
    ours,
    theirs,
    p99 === undefined ? "–" : p99.toFixed(2),
    p99 === undefined ? fewerFailed(ours, theirs) : lower(p99),
  ]);
  return table(["median / p99, ms", OURS, GO_ZERO, "p99, ratio", "less"], lines);
}

/** Where go-zero was better, in words; so that it is not overlooked. */
export function whereGoWins(comparisons: readonly Comparison[], rows: readonly FleetRow[]): string {
  const here = comparisons.filter((one) => winner(one) === GO_ZERO);
  const there = rows.filter(({ ratio: p99 }) => p99 !== undefined && lower(p99) === GO_ZERO);
  return [
    `go-zero has less in ${here.length} of ${comparisons.length} rows:`,
    ...here.map((one) => `- ${one.what}: ${OURS} ${ratio(one).median.toFixed(2)} times as much`),
    "",
    `In bench:fleet go-zero's p99 is lower in ${there.length} of ${rows.length} rows:`,
    ...there.map(({ row, calls, ratio: p99 }) => `- ${row}, ${calls}: ${OURS} ${p99?.toFixed(2)} times as much`),
  ].join("\n");
}

/** When and on what it was measured; the load is that of the minute before. */
export function conditions(etcd: string): string {
  const [, goZero] = /zeromicro\/go-zero v(\S+)/.exec(readFileSync(GO_MOD, "utf8")) ?? [];
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cores()}, load ${loadavg()[0]!.toFixed(1)} before`;
  return `${date}, Node ${process.version}, go-zero ${goZero}, etcd ${etcd}, ${machine}.`;
}

function figure(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** bench:fleet is run once or few times: a smaller difference than a twentieth is none. */
function lower(p99: number): string {
  if (p99 >= 0.95 && p99 <= 1.05) return "even";
  return p99 < 1 ? OURS : GO_ZERO;
}

function fewerFailed(ours: string, theirs: string): string {
  const failed = (cell: string) => (/fails/.test(cell) ? Number(/([\d.]+) % failed/.exec(cell)?.[1] ?? 100) : 0);
  if (failed(ours) === failed(theirs)) return "even";
  return failed(ours) < failed(theirs) ? OURS : GO_ZERO;
}
