/** The window of what counts: 40 buckets of 250 ms, 10 s. */
const BUCKETS = 40;
const BUCKET_MS = 250;
/** So many calls for each that was accepted; it falls to the lower one the longer there are only failures. */
const K = 1.5;
const LEAST_K = 1.1;
/** So many calls may fail before anything follows. */
const PROTECTION = 5;
/** After so long without a call one is let through, in milliseconds. */
const FORCED_PASS_MS = 1_000;

export interface BreakerOptions {
  /** Milliseconds of a monotonic clock. Default performance.now. */
  readonly now?: () => number;
  /** Uniform in [0, 1). Default Math.random. */
  readonly random?: () => number;
}

/** gRPC codes that are failures of whoever serves, as go-zero has them (core/breaker in zrpc); all others are answers. */
const FAILURES: readonly number[] = [
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  12, // UNIMPLEMENTED
  13, // INTERNAL
  14, // UNAVAILABLE
  15, // DATA_LOSS
];

interface Bucket {
  /** Which stretch of time it is of. */
  number: number;
  accepted: number;
  failed: number;
  dropped: number;
}

/**
 * Adaptive throttling ("Handling Overload" in Google's Site Reliability Engineering), with the constants and refinements of
 * go-zero's core/breaker/googlebreaker.go: the more calls fail, the more are dropped, by chance, and some always get through to
 * find out. It has no states, so nothing opens at once or closes at once.
 */
export class Breaker {
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #buckets: Bucket[] = [];
  /** Sums of the buckets. */
  #accepted = 0;
  #total = 0;
  #lastPass: number | undefined;

  constructor({ now = () => performance.now(), random = Math.random }: BreakerOptions = {}) {
    this.#now = now;
    this.#random = random;
  }

  /** Whether the next call should be made; asking changes nothing but the time of the last pass. */
  allows(): boolean {
    const now = this.#now();
    this.#forget(now);
    const allowed = this.#allows(now);
    if (allowed) this.#lastPass = now;
    return allowed;
  }

  /** Whether as much has failed lately as it takes before a call may be dropped, as of the last call. */
  get mayDrop(): boolean {
    return this.#total - PROTECTION > LEAST_K * this.#accepted;
  }

  /** @param code numeric gRPC status code */
  ended(code: number): void {
    const bucket = this.#bucket();
    this.#total += 1;
    if (FAILURES.includes(code)) bucket.failed += 1;
    else {
      bucket.accepted += 1;
      this.#accepted += 1;
    }
  }

  /** A call was not made because allows() said so. */
  dropped(): void {
    this.#bucket().dropped += 1;
    this.#total += 1;
  }

  #allows(now: number): boolean {
    if (!this.mayDrop) return true;
    const { working, failing } = this.#runs();
    const k = Math.max(LEAST_K, K - ((K - LEAST_K) * failing) / BUCKETS);
    const ratio = (this.#total - PROTECTION - k * this.#accepted) / (this.#total + 1);
    if (ratio <= 0) return true;
    if (this.#lastPass !== undefined && now - this.#lastPass > FORCED_PASS_MS) return true;
    return this.#random() >= (ratio * (BUCKETS - working)) / BUCKETS;
  }

  /** Buckets since the last that had a failure, and since the last that had a success; empty ones do not count. */
  #runs(): { working: number; failing: number } {
    let working = 0;
    let failing = 0;
    for (const { accepted, failed } of this.#buckets) {
      if (failed > 0) working = 0;
      else if (accepted > 0) working += 1;
      if (accepted > 0) failing = 0;
      else if (failed > 0) failing += 1;
    }
    return { working, failing };
  }

  #bucket(): Bucket {
    const now = this.#now();
    this.#forget(now);
    const number = Math.floor(now / BUCKET_MS);
    const last = this.#buckets.at(-1);
    if (last && last.number >= number) return last;
    const bucket = { number, accepted: 0, failed: 0, dropped: 0 };
    this.#buckets.push(bucket);
    return bucket;
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / BUCKET_MS) - BUCKETS + 1;
    for (let first = this.#buckets[0]; first && first.number < oldest; first = this.#buckets[0]) {
      this.#buckets.shift();
      this.#accepted -= first.accepted;
      this.#total -= first.accepted + first.failed + first.dropped;
    }
  }
}
