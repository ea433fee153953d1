import { Durations } from "./durations.js";
import type { CallCounts, Percentiles } from "./state.js";

/** Of the classes in which latencies are counted: a percentile is right within an eighth. */
const GROWTH = 1.25;

/** Attempts at one instance or at several, and the latencies of this minute and of the one before. */
class InstanceCounts implements CallCounts {
  calls = 0;
  failures = 0;
  #now = new Durations(GROWTH);
  #before: Durations | undefined;

  add(ms: number, ok: boolean | undefined): void {
    this.calls += 1;
    if (ok === false) this.failures += 1;
    this.#now.add(ms);
  }

  /** Counts what another has counted as well. */
  include(other: InstanceCounts): void {
    this.calls += other.calls;
    this.failures += other.failures;
    this.#now.include(other.#now);
    if (!other.#before) return;
    this.#before ??= new Durations(GROWTH);
    this.#before.include(other.#before);
  }

  /** Of this minute while it has some, else of the one before. */
  get latency(): Percentiles | undefined {
    return percentilesOf(this.#now) ?? (this.#before && percentilesOf(this.#before));
  }

  /** The minute is over: its latencies begin anew. */
  turn(): void {
    this.#before = this.#now.count > 0 ? this.#now : undefined;
    this.#now = new Durations(GROWTH);
  }
}

/**
 * What one channel counts of its attempts, whether anybody looks or not. Only by instance, as each call pays for it; whoever asks
 * about all of them has them added up.
 */
export class ServiceStats {
  readonly #instances = new Map<string, InstanceCounts>();
  /** Those that are gone, together. */
  readonly #gone = new InstanceCounts();

  get totals(): CallCounts {
    let { calls, failures } = this.#gone;
    for (const counts of this.#instances.values()) {
      calls += counts.calls;
      failures += counts.failures;
    }
    return { calls, failures };
  }

  of(id: string): CallCounts & { readonly latency?: Percentiles | undefined } {
    return this.#instances.get(id) ?? { calls: 0, failures: 0 };
  }

  get latency(): Percentiles | undefined {
    return this.#all().latency;
  }

  ended(id: string, latencyMs: number, ok: boolean | undefined): void {
    (this.#instances.get(id) ?? this.#meet(id)).add(latencyMs, ok);
  }

  /** Forgets which instances they were that are not among these, and so stays as small as the service is. */
  keepOnly(ids: ReadonlyMap<string, unknown>): void {
    for (const [id, counts] of this.#instances) {
      if (ids.has(id)) continue;
      this.#gone.include(counts);
      this.#instances.delete(id);
    }
  }

  /** The minute is over. @returns the latencies that it had. */
  turn(): Percentiles | undefined {
    const before = this.#all();
    before.turn();
    for (const counts of this.#instances.values()) counts.turn();
    this.#gone.turn();
    return before.latency;
  }

  #all(): InstanceCounts {
    const all = new InstanceCounts();
    all.include(this.#gone);
    for (const counts of this.#instances.values()) all.include(counts);
    return all;
  }

  #meet(id: string): InstanceCounts {
    const counts = new InstanceCounts();
    this.#instances.set(id, counts);
    return counts;
  }
}

function percentilesOf(latencies: Durations): Percentiles | undefined {
  if (latencies.count === 0) return undefined;
  const at = (share: number) => Number(latencies.quantile(share).toPrecision(3));
  return { median: at(0.5), p90: at(0.9), p99: at(0.99) };
}
