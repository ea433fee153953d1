import type { Recording } from "../recording.js";

/** How the calls of a recording went, or would have gone. */
export interface Outlook {
  readonly calls: number;
  readonly failures: number;
  /** Second copies sent. */
  readonly hedges: number;
  readonly meanMs: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Part of the calls by instance, 0 to 1; second copies not counted. */
  readonly shares: Readonly<Record<string, number>>;
}

/** What was recorded. */
export function outlookOf({ decisions }: Recording): Outlook {
  const tally = new Tally();
  for (const { instance, latencyMs = 0, outcome } of decisions) {
    if (outcome !== "running") tally.add(instance, latencyMs, outcome === "failed");
  }
  return tally.outlook();
}

/** Counts calls into an outlook. */
export class Tally {
  readonly #latencies: number[] = [];
  readonly #byInstance = new Map<string, number>();
  #failures = 0;
  #hedges = 0;

  add(instance: string, ms: number, failed: boolean): void {
    this.#latencies.push(ms);
    this.#byInstance.set(instance, (this.#byInstance.get(instance) ?? 0) + 1);
    if (failed) this.#failures += 1;
  }

  addHedge(): void {
    this.#hedges += 1;
  }

  /** @param plays how many plays were counted together. */
  outlook(plays = 1): Outlook {
    const sorted = Float64Array.from(this.#latencies).sort();
    const n = sorted.length;
    const at = (share: number) => sorted[Math.min(n - 1, Math.floor(share * n))] ?? 0;
    return {
      calls: Math.round(n / plays),
      failures: Math.round(this.#failures / plays),
      hedges: Math.round(this.#hedges / plays),
      meanMs: n === 0 ? 0 : sorted.reduce((sum, ms) => sum + ms, 0) / n,
      medianMs: at(0.5),
      p90Ms: at(0.9),
      p99Ms: at(0.99),
      shares: Object.fromEntries([...this.#byInstance].map(([id, calls]) => [id, calls / n])),
    };
  }
}
