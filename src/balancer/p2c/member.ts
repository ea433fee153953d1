import type { Weighed } from "../node.js";
import { CROWD, CROWD_LIMIT, CROWD_SHARE } from "./constants.js";
import type { Kind } from "./kinds.js";
import type { Pool } from "./pool.js";
import { Probing } from "./probing.js";

/** Milliseconds in which nothing fades that matters. */
const QUICK_MS = 15;
/** So few calls in flight are no crowd: they would count 0.4 % more. */
const FEW = CROWD / 2;
/** A kind that takes so many times as long as the mean is dear. */
const DEAR = 2;

/** What is known of one instance, and the load that follows from it. */
export class Member<K> extends Probing implements Weighed<K> {
  readonly #pool: Pool;
  /** One over its share of the weight, the mean being 1. */
  perWeight = 1;
  /** How many times dearer its calls are than those of one nearby. */
  distance = 1;
  /** The load when last worked out. */
  weighed = 0.5;
  readonly key: K;
  /** The last set() that named it. */
  round = 0;
  leftAt = 0;

  constructor(key: K, pool: Pool) {
    super();
    this.key = key;
    this.#pool = pool;
  }

  get inFlight(): number {
    return this.reserved + this.running + this.open;
  }

  get ewmaMs(): number {
    this.#pool.tick();
    this.expect(this.#pool);
    return this.expectedMs;
  }

  get expectedMs(): number {
    const { mean, meanMs } = this.#pool;
    return mean > 0 ? (this.expected / mean) * (this.expected / mean) * meanMs : 0;
  }

  get share(): number {
    return 1 / this.perWeight;
  }

  /** How likely it is to be drawn at random, to the others. */
  get chance(): number {
    return 1 / (this.perWeight * this.distance * this.distance);
  }

  load(kind?: string): number {
    this.#pool.tick();
    this.weigh(this.#pool.kinds.of(kind));
    return this.weighed;
  }

  /** Works out the load of one more call of this kind at the time last read. */
  weigh(kind: Kind): void {
    this.expect(this.#pool);
    const { expected } = this;
    const latency = expected * expected || 1;
    this.weighed = latency * this.distance * this.penalty * (this.workFor(kind) * this.perWeight + kind.unseen);
    if (kind.open > 0 && kind.isOfStreams) this.#weighStream(kind);
    const crowd = this.pending * this.perWeight;
    if (crowd > FEW) this.#crowd(crowd, kind);
  }

  /** A stream stays for long: where others are counts, and how fast the first answer comes just now matters less to it. */
  #weighStream(kind: Kind): void {
    const busy = (this.workFor(kind) + this.streamsOf(kind)) * this.perWeight;
    this.weighed = (this.expected || 1) * this.distance * this.penalty * (busy + kind.unseen);
  }

  /** Many in flight wait for each other, and count more than one by one. */
  #crowd(calls: number, kind: Kind): void {
    const { picks, over, size } = this.#pool;
    const crowd = calls / Math.max(CROWD, (CROWD_SHARE * (picks - over)) / size);
    // The eighth power, by three products: Math.pow is dearer, and a crowd is weighed three times a pick.
    const squared = crowd * crowd;
    const fourth = squared * squared;
    const times = Math.min(1 + fourth * fourth, CROWD_LIMIT);
    const streams = kind.open > 0 && kind.isOfStreams ? this.streamsOf(kind) : 0;
    const busy = (this.workFor(kind) + streams) * this.perWeight;
    this.weighed *= (busy * times + kind.unseen) / (busy + kind.unseen);
  }

  /** Whether a call of this kind is to find out how the instance does, however it compares. */
  isDue(kind: Kind): boolean {
    return this.isOverdue(this.#pool) && this.pending === 0 && this.#mayTry(kind);
  }

  /** Calls that cost less than most find out as well, and a stream would stay there for long. */
  #mayTry(kind: Kind): boolean {
    if (kind.meanMs > this.#pool.meanMs * DEAR) return false;
    return !(kind.isOfStreams && this.streamsOf(kind) > 0);
  }

  /** Reserves it for a call of this kind. */
  take(kind: Kind): void {
    // Near enough, in a crowd too, to tell which one to remember.
    this.weighed *= 1 + (kind.own * this.perWeight) / (this.workFor(kind) * this.perWeight + kind.unseen);
    this.reserve(kind);
    this.picked(this.#pool);
  }

  released(kind?: string): void {
    if (this.release(this.#pool.kinds.of(kind))) this.#pool.over += 1;
  }

  started(kind?: string): void {
    if (this.start()) this.await(this.#pool, this.#pool.kinds.of(kind));
  }

  answered(latencyMs: number, name?: string): void {
    const kind = this.#pool.kinds.of(name);
    if (!this.answer(kind)) return;
    this.#pool.over += 1;
    kind.streamed(true);
    if (isLatency(latencyMs)) this.#measure(latencyMs, true, kind);
    this.heard(this.#pool);
  }

  waits(waitedMs: number, name?: string): void {
    const pool = this.#pool;
    const kind = pool.kinds.of(name);
    if (!this.answer(kind)) return;
    pool.tick();
    pool.over += 1;
    kind.streamed(true);
    this.excuse(pool, waitedMs, kind.perMeanMs);
  }

  ended(latencyMs?: number, ok?: boolean, name?: string, answered?: boolean): void {
    const pool = this.#pool;
    const kind = pool.kinds.of(name);
    const { open } = this;
    const timed = isLatency(latencyMs);
    if (!this.end(kind, answered ?? !timed)) return;
    if (this.open === open) {
      pool.over += 1;
      if (kind.streaming > 0) kind.streamed(false);
    }
    // What its caller gave up has not been answered. Its own silence is not what its time is compared with.
    const gaveUp = timed && ok === undefined;
    if (gaveUp) this.gaveUp(pool, latencyMs, kind.perMeanMs);
    if (timed) this.#measure(latencyMs, ok, kind);
    if (ok !== undefined) {
      this.judge(ok, kind);
      kind.judge(ok);
    }
    if (!gaveUp) this.heard(pool);
  }

  #measure(latencyMs: number, ok: boolean | undefined, kind: Kind): void {
    const pool = this.#pool;
    // The time last read is that of this call's pick or of a later one: for a quick call that is near enough.
    if (latencyMs >= QUICK_MS) pool.tick();
    this.spend(latencyMs, kind);
    pool.measure(latencyMs, kind);
    if (!ok && !this.#isLonger()) return;
    this.learn(pool);
    pool.learn(kind);
  }

  /** Whether the latency last measured is longer than expected. */
  #isLonger(): boolean {
    this.expect(this.#pool);
    return this.#pool.measured.compared > this.expected;
  }
}

function isLatency(latencyMs: number | undefined): latencyMs is number {
  return latencyMs !== undefined && latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY;
}
