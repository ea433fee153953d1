/**
 * How important calls of a method are when a server is full: `first` are refused at half of what it can hold, calls of other
 * methods when it is full, and `never` says itself.
 */
export type Shed = "never" | "first";

/** What a process could do lately. */
export interface LoadSample {
  /** Share of the time in which it was busy, 0 to 1: of its event loop or of its CPUs, whichever is more. */
  readonly utilisation: number;
  /** How late its event loop came to what was due, in milliseconds. */
  readonly delayMs: number;
  /** How long the sample took, in milliseconds. */
  readonly tookMs: number;
}

export interface SheddingOptions {
  /** Utilisation from which the server may be full, above 0 to 1. */
  readonly threshold: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** Utilisation is smoothed over this time: a few seconds of hard work after a rest are no overload. */
const SMOOTHING_MS = 2_000;
/** A block of the event loop counts as so much time, however long it was, unless the time before was busy as well. */
const LONE_BLOCK_MS = 250;
/** One sample's delay counts as at most so much, in milliseconds. */
const LONGEST_DELAY_MS = 500;
/**
 * On a machine that gives a process too little time, utilisation counts the wait for a CPU as rest: with a delay of QUEUE_MS this
 * share of the threshold is busy as well.
 */
const STARVED = 3 / 4;
/** So long after its last refusal under load a server counts as busy still, as go-zero has it. */
const STILL_HOT_MS = 1_000;

/** Throughput is that of the best bucket of so many. */
const BUCKET_MS = 500;
const RECENT_BUCKETS = 10;
/** The least latency is that of the quickest bucket of so many, a minute. */
const BUCKETS = 120;

/** How long a call may wait for its turn, the delay of the event loop included, in milliseconds. */
const QUEUE_MS = 100;
const LEAST_QUEUE_MS = 10;

/** Bounds of the pushback, in milliseconds. */
const LEAST_PUSHBACK_MS = 10;
const MOST_PUSHBACK_MS = 1_000;

interface Bucket {
  readonly calls: number;
  readonly meanMs: number;
  readonly quickestMs: number;
  /** Whether the server was busy, so that latencies have waiting in them. */
  readonly busy: boolean;
}

/**
 * Whether a server can take one more call. By Little's law it holds throughput x latency calls at a time; those beyond wait.
 * It is full when it has been busy for a few seconds and more calls are in flight than
 *
 *     best recent throughput x (least latency + the time that a call may wait)
 *
 * go-zero's core/load/adaptiveshedder.go (after BBR) is the model. Two things are different because Node is: a batch of calls
 * begins within one turn of the event loop and ends one by one, so that an average of calls in flight says nothing; and the
 * least latency is learned while the server is not busy, so that a long overload does not pass for the usual.
 */
export class Shedding {
  readonly #threshold: number;
  readonly #now: () => number;
  #utilisation = 0;
  /** Whether the last sample reached the threshold. */
  #wasBusy = false;
  #delayMs = 0;
  #hotUntil = Number.NEGATIVE_INFINITY;
  #inFlight = 0;
  /** The oldest first. */
  readonly #buckets: Bucket[] = [];
  #bucketEnds: number;
  #calls = 0;
  #totalMs = 0;
  #quickestMs = Number.POSITIVE_INFINITY;
  /** Whether a sample of this bucket reached the threshold, or none was taken because the event loop did not get to it. */
  #busyBucket = true;
  #sampled = false;
  /** Calls a millisecond, and what may be in flight; recomputed with each bucket. 0 while nothing is known. */
  #throughput = 0;
  #leastMs = 0;

  constructor({ threshold, now }: SheddingOptions) {
    this.#threshold = threshold;
    this.#now = now;
    this.#bucketEnds = now() + BUCKET_MS;
  }

  /** Calls begun and not ended. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Smoothed, 0 to 1. */
  get utilisation(): number {
    return this.#utilisation;
  }

  /** Smoothed, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  sample({ utilisation, delayMs, tookMs }: LoadSample): void {
    const countedMs = this.#wasBusy ? tookMs : Math.min(tookMs, LONE_BLOCK_MS);
    this.#wasBusy = utilisation >= this.#threshold;
    const part = 1 - Math.exp(-countedMs / SMOOTHING_MS);
    this.#utilisation += (Math.min(1, utilisation) - this.#utilisation) * part;
    this.#delayMs += (Math.min(delayMs, LONGEST_DELAY_MS) - this.#delayMs) * part;
    this.#busyBucket = this.#wasBusy || (this.#sampled && this.#busyBucket);
    this.#sampled = true;
  }

  /**
   * Asks for a call to begin. One that may is in flight until end().
   * @param shed how important it is. Default: refused when the server is full.
   * @returns undefined when it may; else it is to be refused, and this is when to come again, in milliseconds.
   */
  begin(shed?: Shed): number | undefined {
    const refused = shed === "never" ? undefined : this.#refusal(shed === "first" ? 0.5 : 1);
    if (refused === undefined) this.#inFlight += 1;
    return refused;
  }

  /** Whether a call that is not counted, a stream, is to be refused; as begin(). */
  refusal(shed: Shed): number | undefined {
    return shed === "never" ? undefined : this.#refusal(0.5);
  }

  /** @param latencyMs since begin(); undefined when it says nothing of the server, as of a call that was cancelled. */
  end(latencyMs?: number): void {
    this.#inFlight -= 1;
    this.#turn();
    if (latencyMs === undefined) return;
    this.#calls += 1;
    this.#totalMs += latencyMs;
    this.#quickestMs = Math.min(this.#quickestMs, latencyMs);
  }

  #refusal(share: number): number | undefined {
    if (!this.#isHot()) return undefined;
    this.#turn();
    if (this.#throughput === 0 || this.#inFlight <= this.#most() * share) return undefined;
    this.#hotUntil = this.#now() + STILL_HOT_MS;
    // By then half of those in flight have gone, and the server has not run dry.
    const pushback = this.#inFlight / this.#throughput / 2;
    return Math.round(Math.min(Math.max(pushback, LEAST_PUSHBACK_MS), MOST_PUSHBACK_MS));
  }

  /** How many calls may be in flight. Those in the socket have waited for the event loop already. */
  #most(): number {
    const queueMs = Math.max(QUEUE_MS - this.#delayMs, LEAST_QUEUE_MS, Math.min(this.#leastMs, QUEUE_MS));
    return Math.max(1, this.#throughput * (this.#leastMs + queueMs));
  }

  #isHot(): boolean {
    if (this.#utilisation >= this.#threshold || this.#now() < this.#hotUntil) return true;
    return this.#delayMs >= QUEUE_MS && this.#utilisation >= this.#threshold * STARVED;
  }

  /** Closes the buckets whose time is over. */
  #turn(): void {
    const now = this.#now();
    if (now < this.#bucketEnds) return;
    const missed = Math.min(BUCKETS, Math.floor((now - this.#bucketEnds) / BUCKET_MS));
    const [calls, totalMs, quickestMs] = [this.#calls, this.#totalMs, this.#quickestMs];
    const meanMs = calls > 0 ? totalMs / calls : 0;
    // What ended during a turn of the event loop that lasted for several buckets was done in all of them.
    const each = calls / (missed + 1);
    for (let i = 0; i <= missed; i++) {
      this.#buckets.push({ calls: each, meanMs, quickestMs, busy: this.#busyBucket });
    }
    this.#buckets.splice(0, this.#buckets.length - BUCKETS);
    this.#calls = this.#totalMs = 0;
    this.#quickestMs = Number.POSITIVE_INFINITY;
    this.#busyBucket = true;
    this.#sampled = false;
    this.#bucketEnds = now + BUCKET_MS;
    this.#learn();
  }

  #learn(): void {
    const best = Math.max(...this.#buckets.slice(-RECENT_BUCKETS).map(({ calls }) => calls));
    this.#throughput = best / BUCKET_MS;
    const used = this.#buckets.filter(({ calls }) => calls > 0);
    if (used.length === 0) return;
    const calm = used.filter(({ busy }) => !busy).map(({ meanMs }) => meanMs);
    // Never seen at rest: what the quickest call took, which may have waited for nobody.
    this.#leastMs = Math.min(...(calm.length > 0 ? calm : used.map(({ quickestMs }) => quickestMs)));
  }
}
