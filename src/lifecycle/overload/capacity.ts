/** Throughput is that of the best bucket of so many. */
const BUCKET_MS = 500;
const RECENT_BUCKETS = 10;
/** The least latency is that of the quickest bucket of so many, a minute. */
const BUCKETS = 120;

interface Bucket {
  readonly calls: number;
  readonly meanMs: number;
  readonly quickestMs: number;
  /** Whether the server was busy, so that latencies have waiting in them. */
  readonly busy: boolean;
}

/**
 * What a server can do, learned from the calls that it has done: how many in a time, and how long one takes that waits for
 * nobody. The latter is learned while the server is not busy, so that a long overload does not pass for the usual.
 */
export class Capacity {
  /** Calls a millisecond: the best half second of the last five seconds. 0 while nothing is known. */
  throughput = 0;
  /** The mean latency of the quickest half second of the last minute, in milliseconds. */
  leastMs = 0;
  readonly #now: () => number;
  /** The oldest first. */
  readonly #buckets: Bucket[] = [];
  #ends: number;
  #calls = 0;
  #totalMs = 0;
  #quickestMs = Number.POSITIVE_INFINITY;
  /** Whether a sample of this bucket was busy, or none was taken because the event loop did not get to it. */
  #busy = true;
  #sampled = false;

  /** @param now milliseconds that never go back. */
  constructor(now: () => number) {
    this.#now = now;
    this.#ends = now() + BUCKET_MS;
  }

  /** The server was or was not busy just now. */
  sampled(busy: boolean): void {
    this.#busy = busy || (this.#sampled && this.#busy);
    this.#sampled = true;
  }

  /** A call was done. */
  done(latencyMs: number): void {
    this.turn();
    this.#calls += 1;
    this.#totalMs += latencyMs;
    this.#quickestMs = Math.min(this.#quickestMs, latencyMs);
  }

  /** Closes the buckets whose time is over. */
  turn(): void {
    const now = this.#now();
    if (now < this.#ends) return;
    const missed = Math.min(BUCKETS, Math.floor((now - this.#ends) / BUCKET_MS));
    const bucket: Bucket = {
      // What ended during a turn of the event loop that lasted for several buckets was done in all of them.
      calls: this.#calls / (missed + 1),
      meanMs: this.#calls > 0 ? this.#totalMs / this.#calls : 0,
      quickestMs: this.#quickestMs,
      busy: this.#busy,
    };
    for (let i = 0; i <= missed; i++) this.#buckets.push(bucket);
    this.#buckets.splice(0, this.#buckets.length - BUCKETS);
    this.#calls = this.#totalMs = 0;
    this.#quickestMs = Number.POSITIVE_INFINITY;
    this.#busy = true;
    this.#sampled = false;
    this.#ends = now + BUCKET_MS;
    this.#learn();
  }

  #learn(): void {
    this.throughput = Math.max(...this.#buckets.slice(-RECENT_BUCKETS).map(({ calls }) => calls)) / BUCKET_MS;
    const used = this.#buckets.filter(({ calls }) => calls > 0);
    if (used.length === 0) return;
    const calm = used.filter(({ busy }) => !busy).map(({ meanMs }) => meanMs);
    // Never seen at rest: what the quickest call took, which may have waited for nobody.
    this.leastMs = Math.min(...(calm.length > 0 ? calm : used.map(({ quickestMs }) => quickestMs)));
  }
}
