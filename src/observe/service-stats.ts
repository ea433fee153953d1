import type { CallCounts, Percentiles } from "./state.js";

/** Buckets grow by a quarter each, from a hundredth of a millisecond up to ten minutes: a percentile is right within 12 %. */
const GROWTH = Math.log(1.25);
const LEAST_MS = 0.01;
const BUCKETS = 82;

/** Latencies in buckets that grow geometrically (as DDSketch has them: Masson, Rim and Lee, 2019). Fixed memory. */
export class Latencies {
  readonly #counts = new Uint32Array(BUCKETS);
  count = 0;
  sum = 0;

  add(ms: number, bucket = bucketOf(ms)): void {
    this.#counts[bucket]! += 1;
    this.count += 1;
    this.sum += ms;
  }

  /** @param share 0 to 1. Milliseconds; 0 without any. */
  quantile(share: number): number {
    let left = share * this.count;
    for (let at = 0; at < BUCKETS && this.count > 0; at++) {
      left -= this.#counts[at]!;
      if (left <= 0) return LEAST_MS * Math.exp(GROWTH * (at - 0.5));
    }
    return 0;
  }

  get percentiles(): Percentiles | undefined {
    if (this.count === 0) return undefined;
    const at = (share: number) => Number(this.quantile(share).toPrecision(3));
    return { median: at(0.5), p90: at(0.9), p99: at(0.99) };
  }
}

function bucketOf(ms: number): number {
  return ms > LEAST_MS ? Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / GROWTH)) : 0;
}

/** Latencies of this minute, and of the one before. */
class Minutes {
  #now = new Latencies();
  #before: Latencies | undefined;

  add(ms: number, bucket: number): void {
    this.#now.add(ms, bucket);
  }

  /** Of this minute while it has some, else of the one before. */
  get percentiles(): Percentiles | undefined {
    return this.#now.percentiles ?? this.#before?.percentiles;
  }

  /** The minute is over: its latencies, which begin anew. */
  turn(): Latencies {
    const over = this.#now;
    this.#before = over.count > 0 ? over : undefined;
    this.#now = new Latencies();
    return over;
  }
}

/** Attempts at one instance. */
class InstanceCounts implements CallCounts {
  calls = 0;
  failures = 0;
  readonly #minutes = new Minutes();

  add(ms: number, bucket: number, ok: boolean | undefined): void {
    this.calls += 1;
    if (ok === false) this.failures += 1;
    this.#minutes.add(ms, bucket);
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
    const bucket = bucketOf(latencyMs);
    (this.#instances.get(id) ?? this.#meet(id)).add(latencyMs, bucket, ok);
    this.#minutes.add(latencyMs, bucket);
    this.calls += 1;
    if (ok === false) this.failures += 1;
  }

  /** Forgets the instances that are not among these, and so stays as small as the service is. */
  keepOnly(ids: ReadonlyMap<string, unknown>): void {
    for (const id of this.#instances.keys()) if (!ids.has(id)) this.#instances.delete(id);
  }

  /** The minute is over: its latencies, which begin anew. */
  turn(): Latencies {
    for (const instance of this.#instances.values()) instance.turn();
    return this.#minutes.turn();
  }

  #meet(id: string): InstanceCounts {
    const counts = new InstanceCounts();
    this.#instances.set(id, counts);
    return counts;
  }
}
