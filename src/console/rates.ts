/** What is counted upwards, as somebody reports it. */
export interface Counts {
  readonly calls: number;
  readonly failures: number;
  /** All latencies added up, where they are reported so. */
  readonly totalMs?: number | undefined;
}

export interface Rate {
  readonly callsPerSecond: number;
  /** 0 to 1. */
  readonly failureShare: number;
  /** Mean over the window; undefined without calls, or where latencies are not reported. */
  readonly meanMs: number | undefined;
}

/** Rates are of the time since the oldest sample within this, in milliseconds. */
const WINDOW_MS = 10_000;

interface Sample extends Counts {
  readonly at: number;
}

/** Rates of counters, by a name. A counter that falls belongs to a process that has begun anew. */
export class Rates {
  readonly #samples = new Map<string, Sample[]>();

  /** @returns undefined at the first sample, which tells no rate. */
  add(name: string, counts: Counts, at: number): Rate | undefined {
    const before = this.#samples.get(name) ?? [];
    const fell = (before.at(-1)?.calls ?? 0) > counts.calls;
    const kept = fell ? [] : before.filter((sample) => at - sample.at <= WINDOW_MS);
    kept.push({ ...counts, at });
    this.#samples.set(name, kept);
    const [first] = kept;
    if (kept.length < 2 || first!.at === at) return undefined;
    const calls = counts.calls - first!.calls;
    const totalMs =
      counts.totalMs !== undefined && first!.totalMs !== undefined ? counts.totalMs - first!.totalMs : undefined;
    return {
      callsPerSecond: (calls / (at - first!.at)) * 1_000,
      failureShare: calls > 0 ? Math.max(0, Math.min(1, (counts.failures - first!.failures) / calls)) : 0,
      meanMs: calls > 0 && totalMs !== undefined ? totalMs / calls : undefined,
    };
  }

  /** Forgets counters that nobody reported since. */
  forgetBefore(at: number): void {
    for (const [name, samples] of this.#samples) if (samples.at(-1)!.at < at) this.#samples.delete(name);
  }
}
