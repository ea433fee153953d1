/** A Go server that was not told otherwise allows a ping every 5 minutes; with room for clocks that differ. */
const SLOWEST_MS = 330_000;
/** How long without a complaint until pings are twice as frequent again; twice as long after each complaint, a day at most. */
const RECOVERY_MS = 30 * 60_000;
const LONGEST_RECOVERY_MS = 24 * 60 * 60_000;

/**
 * How often connections are pinged, in milliseconds. etcd allows a ping every 5 s (--grpc-keepalive-min-time, may be set
 * higher; its grpc-proxy and other Go servers allow less) and closes connections that ping more often. Slows down then, as
 * gRPC asks of clients that were told ENHANCE_YOUR_CALM (gRFC A8), and recovers step by step.
 */
export class PingPace {
  readonly #fastestMs: number;
  readonly #now: () => number;
  #intervalMs: number;
  #recoveryMs = RECOVERY_MS;
  #since: number;

  /** @param intervalMs Default 7,000: with an answer awaited for 4 s, a dead connection is noticed within 11 s. */
  constructor(intervalMs = 7_000, now: () => number = () => performance.now()) {
    this.#fastestMs = intervalMs;
    this.#intervalMs = intervalMs;
    this.#now = now;
    this.#since = now();
  }

  get intervalMs(): number {
    while (this.#intervalMs > this.#fastestMs && this.#now() - this.#since >= this.#recoveryMs) {
      this.#intervalMs = Math.max(this.#fastestMs, this.#intervalMs / 2);
      this.#since += this.#recoveryMs;
    }
    return this.#intervalMs;
  }

  /** The other side complained of too many pings. */
  slowDown(): void {
    const tooOften = this.intervalMs;
    this.#intervalMs = Math.min(SLOWEST_MS, tooOften * 2);
    this.#recoveryMs = Math.min(LONGEST_RECOVERY_MS, this.#recoveryMs * 2);
    this.#since = this.#now();
  }
}
