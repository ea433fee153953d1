import { CROWD, CROWD_LIMIT, CROWD_SHARE } from "./constants.js";
import { priceOf } from "./failures.js";
import type { Kind } from "./kinds.js";
import type { Node } from "./node.js";
import type { Pool } from "./pool.js";
import { Probing } from "./probing.js";

/** Milliseconds in which nothing fades that matters. */
const QUICK_MS = 15;
/** So few calls in flight are no crowd: they would count 0.4 % more. */
const FEW = CROWD / 2;
/** A kind that tells first answers oftener than this is of streams. */
const MOSTLY = 0.5;
/** A kind that takes so many times as long as the mean is dear. */
const DEAR = 2;

/** What is known of one instance, and the load that follows from it. */
export class Member<K> extends Probing implements Node<K> {
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
    const { mean, meanMs } = this.#pool;
    return mean > 0 ? (this.expected / mean) * (this.expected / mean) * meanMs : 0;
  }

  load(kind?: string): number {
    this.#pool.tick();
    const what = this.#pool.kinds.of(kind);
    what.weigh(this.#pool.meanMs);
    this.weigh(what);
    return this.weighed;
  }

  /** Works out the load of one more call of this kind, which has been weighed, at the time last read. */
  weigh(kind: Kind): void {
    this.expect(this.#pool);
    const { expected } = this;
    const streams = isOfStreams(kind);
    const busy = (streams ? this.cost + this.streamsOf(kind) : this.cost) * this.perWeight;
    // A stream stays for long: how fast the first answer comes just now matters less to it.
    const latency = streams ? expected : expected * expected;
    this.weighed = (latency || 1) * this.distance * this.penalty * (busy + kind.unseen);
    const crowd = this.pending * this.perWeight;
    if (crowd > FEW) this.#crowd(busy, crowd, kind.unseen);
  }

  /** Many in flight wait for each other, and count more than one by one. */
  #crowd(busy: number, calls: number, unseen: number): void {
    const { picks, over, size } = this.#pool;
    const crowd = calls / Math.max(CROWD, (CROWD_SHARE * (picks - over)) / size);
    const times = Math.min(1 + crowd ** 8, CROWD_LIMIT);
    this.weighed *= (busy * times + unseen) / (busy + unseen);
  }

  /** Whether a call of this kind is to find out how the instance does, however it compares. */
  isDue(kind: Kind): boolean {
    const share = this.#pool.size * this.perWeight * this.distance * this.distance;
    if (this.pending > 0 || !this.isOverdue(this.#pool, share)) return false;
    // Calls that cost less than most find out as well, and a stream would stay there for long.
    if (isOfStreams(kind) && this.streamsOf(kind) > 0) return false;
    return kind.meanMs <= this.#pool.meanMs * DEAR;
  }

  /** Reserves it for a call of this kind. */
  take(kind: Kind): void {
    const { cost } = kind;
    // Near enough, in a crowd too, to tell which one to remember.
    this.weighed *= 1 + (cost * this.perWeight) / (this.cost * this.perWeight + kind.unseen);
    this.reserve(kind, cost);
    this.picked(this.#pool);
  }

  released(kind?: string): void {
    if (this.reserved === 0) return;
    if (this.release(this.#pool.kinds.of(kind))) this.#pool.over += 1;
  }

  started(name?: string): void {
    if (this.reserved === 0) return;
    const kind = this.#pool.kinds.of(name);
    if (this.start(kind)) this.await(this.#pool, kind);
  }

  answered(latencyMs: number, name?: string): void {
    const kind = this.#pool.kinds.of(name);
    if (!this.answer(kind)) return;
    this.#pool.over += 1;
    kind.streaming += (1 - kind.streaming) / 8;
    if (isLatency(latencyMs)) this.#measure(latencyMs, true, kind);
    this.heard();
  }

  ended(latencyMs?: number, ok?: boolean, name?: string, _report?: unknown): void {
    const kind = this.#pool.kinds.of(name);
    const { open } = this;
    const timed = isLatency(latencyMs);
    if (!this.end(kind, !timed)) return;
    if (this.open === open) {
      this.#pool.over += 1;
      kind.streaming -= kind.streaming / 8;
    }
    if (timed) this.#measure(latencyMs, ok, kind);
    if (ok !== undefined) {
      this.judge(ok, this.price, kind.failing);
      kind.judge(ok);
    }
    this.heard();
  }

  setAside(ms: number): boolean {
    return this.#pool.setAside(this, ms);
  }

  #measure(latencyMs: number, ok: boolean | undefined, kind: Kind): void {
    const pool = this.#pool;
    // The time last read is that of this call's pick or of a later one: for a quick call that is near enough.
    if (latencyMs >= QUICK_MS) pool.tick();
    this.price = priceOf(latencyMs, kind.meanMs);
    const counted = kind.trim(latencyMs);
    kind.measure(counted, pool.unit);
    if (!ok) {
      this.expect(pool);
      if (kind.compared <= this.expected) return;
    }
    this.learn(pool, kind.compared);
    pool.learn(kind, counted);
  }
}

function isOfStreams(kind: Kind): boolean {
  return kind.open > 0 && kind.streaming > MOSTLY;
}

function isLatency(latencyMs: number | undefined): latencyMs is number {
  return latencyMs !== undefined && latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY;
}
