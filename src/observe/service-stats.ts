import { Durations } from "./durations.js";
import type { CallCounts, Percentiles } from "./state.js";

/** Of the classes in which latencies are counted: a percentile is right within an eighth. */
const GROWTH = 1.25;

/** Latencies of this minute, and of the one before. */
class Minutes {
  #now = new Durations(GROWTH);
  #before: Durations | undefined;

  add(ms: number): void {
    this.#now.add(ms);
  }

  /** Of this minute while it has some, else of the one before. */
  get percentiles(): Percentiles | undefined {
    return percentilesOf(this.#now) ?? (this.#before && percentilesOf(this.#before));
  }

  /** The minute is over: its latencies, which begin anew. */
  turn(): Percentiles | undefined {
    this.#before = this.#now.count > 0 ? this.#now : undefined;
    this.#now = new Durations(GROWTH);
    return this.#before && percentilesOf(this.#before);
  }
}

/** Attempts at one instance. */
class InstanceCounts implements CallCounts {
  calls = 0;
  failures = 0;
  readonly #minutes = new Minutes();

  add(ms: number, ok: boolean | undefined): void {
    this.calls += 1;
    if (ok === false) this.failures += 1;
    this.#minutes.add(ms);
  }

  get latency(): Percentiles | undefined {
    return this.#minutes.percentiles;
  }

  turn(): void {
    this.#minutes.turn();
  }
}

/** What one channel counts of its attempts: next to nothing a call, whether anybody looks or not. */
export class ServiceStats {
  calls = 0;
  failures = 0;
  readonly #instances = new Map<string, InstanceCounts>();
  readonly #minutes = new Minutes();

  get totals(): CallCounts {
    return { calls: this.calls, failures: this.failures };
  }

  of(id: string): CallCounts & { readonly latency?: Percentiles | undefined } {
    return this.#instances.get(id) ?? { calls: 0, failures: 0 };
  }

  get latency(): Percentiles | undefined {
    return this.#minutes.percentiles;
  }

  ended(id: string, latencyMs: number, ok: boolean | undefined): void {
    (this.#instances.get(id) ?? this.#meet(id)).add(latencyMs, ok);
    this.#minutes.add(latencyMs);
    this.calls += 1;
    if (ok === false) this.failures += 1;
  }

  /** Forgets the instances that are not among these, and so stays as small as the service is. */
  keepOnly(ids: ReadonlyMap<string, unknown>): void {
    for (const id of this.#instances.keys()) if (!ids.has(id)) this.#instances.delete(id);
  }

  /** The minute is over: its latencies, which begin anew. */
  turn(): Percentiles | undefined {
    for (const instance of this.#instances.values()) instance.turn();
    return this.#minutes.turn();
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
