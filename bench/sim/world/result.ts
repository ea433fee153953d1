import type { Kind } from "../scenarios/scenario.js";

/** What a run was like, of the calls that count. */
export interface Figures {
  readonly calls: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  /** Of each kind of call, in the order of the scenario's kinds. */
  readonly kindP99Ms: readonly number[];
}

export function figures(latencies: ReadonlyMap<Kind, readonly number[]>): Figures {
  const kinds = [...latencies.values()].map((of) => Float64Array.from(of).sort());
  const sorted = Float64Array.from([...latencies.values()].flat()).sort();
  return {
    calls: sorted.length,
    meanMs: sorted.reduce((sum, latency) => sum + latency, 0) / sorted.length,
    p99Ms: p99(sorted),
    kindP99Ms: kinds.map(p99),
  };
}

/** @param sorted the smallest first. */
export function p99(sorted: ArrayLike<number>): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
