import { quantile } from "../registry/figures.js";
import { GO_ZERO, type Name, OURS } from "./contestants.js";

/** Something measured of both in pairs, one soon after the other, so that what disturbs the machine touches both. Less is better. */
export interface Comparison {
  readonly what: string;
  readonly unit: "ns" | "ms" | "MB";
  /** The i-th figures of both are a pair. */
  readonly figures: Readonly<Record<Name, readonly number[]>>;
  /** What was measured beside them, and says what is left to win. */
  readonly beside?: readonly { readonly what: string; readonly figures: readonly number[] }[];
}

export interface Ratio {
  readonly median: number;
  /** The middle half of the pairs lies between these. */
  readonly low: number;
  readonly high: number;
}

/** Rollcall's figures to go-zero's, pair by pair. */
export function ratio({ figures }: Comparison): Ratio {
  const ratios = figures[OURS].map((ours, i) => ours / figures[GO_ZERO][i]!);
  return { median: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/** Who has less; nobody where the middle half of the pairs does not agree. */
export function winner(comparison: Comparison): Name | undefined {
  const { low, high } = ratio(comparison);
  if (high < 1) return OURS;
  if (low > 1) return GO_ZERO;
  return undefined;
}
