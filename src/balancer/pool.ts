import { MEAN_CALLS, OUTLIER } from "./constants.js";

/** A longer step of the clock, or a longer latency, is taken for this, so that sums stay finite and exact. */
const LONGEST_MS = 3_600_000;
/** Shorter latencies count as this (a clock too coarse to see them): a load of 0 would win whatever is in flight. */
const SHORTEST_MS = 0.001;

/** What the instances of one balancer share: the time, the number of picks and the mean latency. */
export class Pool {
  readonly #clock: () => number;
  // V8 updates a field in place, without allocation, that has never held anything but fractions.
  #read = Number.NaN;
  #latencies = 0;
  /** Milliseconds since the balancer was made. Never runs backwards, whatever the clock does. */
  time = 0.5;
  /** Picks so far. */
  picks = 0;
  /** Those whose call is over, or never began; the others are in flight. */
  over = 0;
  /** Instances there are. */
  size = 0;
  /** Mean latency of all calls, in milliseconds; 0 before the first. */
  meanMs = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#read = clock();
  }

  /** Reads the clock. */
  tick(): void {
    const read = this.#clock();
    const step = read - this.#read;
    this.#read = read;
    if (step > 0) this.time += Math.min(step, LONGEST_MS);
  }

  /** The latency, as long as it may count. */
  trim(latencyMs: number): number {
    const longest = this.meanMs > 0 ? Math.min(this.meanMs * OUTLIER, LONGEST_MS) : LONGEST_MS;
    return Math.max(SHORTEST_MS, Math.min(latencyMs, longest));
  }

  learn(latencyMs: number): void {
    if (this.#latencies < MEAN_CALLS) this.#latencies += 1;
    this.meanMs += (latencyMs - this.meanMs) / this.#latencies;
  }
}
