/** Values in one bucket are within 2 % of its middle: the smallest that shows the tail, and 4 kB a sketch. */
const GROWTH = 1.04;
const PER_GROWTH = 1 / Math.log(GROWTH);
/** What is quicker counts as this, in milliseconds. */
const SHORTEST_MS = 0.01;
/** And what takes longer than about an hour as the longest. */
const BUCKETS = Math.ceil(Math.log(3_600_000 / SHORTEST_MS) * PER_GROWTH);

/**
 * Latencies of late, counted in buckets that grow by a constant factor, so that a percentile is right to a share of itself
 * however long the tail: DDSketch (Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
 * relative-error guarantees", VLDB 2019), with a fixed range and two windows in place of its growing store.
 */
export class LatencySketch {
  #now = new Uint32Array(BUCKETS);
  #before = new Uint32Array(BUCKETS);
  #countNow = 0;
  #countBefore = 0;

  /** Latencies in both windows. */
  get count(): number {
    return this.#countNow + this.#countBefore;
  }

  /** Latencies since the last rotate(). */
  get fresh(): number {
    return this.#countNow;
  }

  add(ms: number): void {
    this.#now[bucketOf(ms)]! += 1;
    this.#countNow += 1;
  }

  /** Begins a new window, and forgets the one before the last. */
  rotate(): void {
    const oldest = this.#before.fill(0);
    this.#before = this.#now;
    this.#countBefore = this.#countNow;
    this.#now = oldest;
    this.#countNow = 0;
  }

  /** The share of latencies that are not longer than this, 0 to 1; 0 without any. */
  shareWithin(ms: number): number {
    if (this.count === 0) return 0;
    const last = bucketOf(ms);
    let within = 0;
    for (let i = 0; i <= last; i++) within += this.#now[i]! + this.#before[i]!;
    return within / this.count;
  }

  /** The latency that this share of calls does not exceed, in milliseconds; NaN without any. Linear within a bucket. */
  quantile(share: number): number {
    let above = (1 - share) * this.count;
    for (let i = BUCKETS - 1; i >= 0; i--) {
      const here = this.#now[i]! + this.#before[i]!;
      if (here > 0 && here >= above) return SHORTEST_MS * GROWTH ** (i + 1 - above / here);
      above -= here;
    }
    return Number.NaN;
  }
}

function bucketOf(ms: number): number {
  const at = Math.floor(Math.log(ms / SHORTEST_MS) * PER_GROWTH);
  return at > 0 ? Math.min(at, BUCKETS - 1) : 0;
}
