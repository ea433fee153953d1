import type { Figures } from "./figures.js";
import type { Result } from "./run.js";
import type { Trial } from "./trials.js";

const HEAD = ["fault", "client", "calls", "failed", "longest gap", "longest call", "last failure after", "back after"];

/** One line for each client of each trial, in Markdown. */
export function table(results: readonly { readonly trial: Trial; readonly result: Result }[]): string {
  const rows = results.flatMap(({ trial, result }) => [
    [trial.fault, "Rollcall", ...cells(result.rollcall)],
    ["", "round_robin", ...cells(result.roundRobin)],
  ]);
  return [HEAD, HEAD.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function cells(of: Figures): string[] {
  const failed = [String(of.failed), ...Object.entries(of.codes).map(([code, count]) => `${count} ${code}`)];
  return [
    String(of.calls),
    failed.length > 1 ? `${failed[0]} (${failed.slice(1).join(", ")})` : failed[0]!,
    seconds(of.longestGapMs),
    seconds(of.longestCallMs),
    seconds(of.lastFailureMs),
    seconds(of.backAfterMs),
  ];
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "" : `${(ms / 1_000).toFixed(ms < 100 ? 2 : 1)} s`;
}
