/** What runs by turns say. */
import { quantile } from "../registry/figures.js";
import type { Run } from "./contestant.js";

type Repetitions = readonly (readonly Run[])[];

/**
 * How many times the other's value one has: in each repetition the median of its rounds, the mean of these, and the standard error
 * of that mean, which is what the luck of a process leaves in doubt.
 */
export function ratio(of: Repetitions, to: Repetitions, value: keyof Run = "callsPerSecond"): string {
  const each = of.map((runs, repetition) =>
    median(runs.map((run, round) => run[value] / to[repetition]![round]![value])),
  );
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
  if (each.length < 2) return mean.toFixed(2);
  const variance = each.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (each.length - 1);
  return `${mean.toFixed(2)} ± ${Math.sqrt(variance / each.length).toFixed(2)}`;
}

/** The median of all runs, and the quartiles in brackets. */
export function spread(repetitions: Repetitions, value: keyof Run): string {
  const values = repetitions.flat().map((run) => run[value]);
  const show = (share: number) => quantile(values, share).toFixed(0);
  return `${show(0.5)} [${show(0.25)} .. ${show(0.75)}]`;
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
