/** Settings of a balancer. The defaults are explained in docs/balancing.md. */
export interface P2cEwmaOptions<K> {
  /** Milliseconds of a monotonic clock. Default performance.now. */
  now?: () => number;
  /** Uniform in [0, 1). Default Math.random. */
  random?: () => number;
  /** Relative share of a key; what is not a positive number counts as 1. Read at each set(). Default 1 for all. */
  weight?: (key: K) => number;
  /**
   * Called at every pick with the chosen node and the three compared (some may be the same one): two taken at random and
   * the one remembered from the pick before. For debug logs.
   */
  onPick?: ((chosen: Node<K>, first: Node<K>, second: Node<K>, remembered: Node<K>) => void) | undefined;
}

/** One instance as the balancer sees it. A pick reserves it: answer with started() and ended(), or with released(). */
export interface Node<K> {
  readonly key: K;
  /** Calls picked or running now. */
  readonly inFlight: number;
  /** Latency expected of the next call on an idle instance, in milliseconds; 0 before anything is known. */
  readonly ewmaMs: number;
  /** Share of its recent calls that failed, 0 to 1. */
  readonly failureRate: number;
  /** What picks compare: the lower, the better. In milliseconds. */
  load(): number;
  /**
   * The reserved call has begun. `timed: false` says that its age tells nothing (a stream): it counts as in flight only.
   */
  started(timed?: boolean): void;
  /**
   * A started call has ended.
   * @param latencyMs since started(), or undefined when it says nothing of the instance's speed (a stream).
   * @param ok whether it succeeded, or undefined when it says nothing of the instance's health (the caller cancelled).
   * @param report the server's own load report; accepted and not used (docs/balancing.md says why).
   */
  ended(latencyMs: number | undefined, ok: boolean | undefined, report?: unknown): void;
  /**
   * A started call that goes on (a stream) has got its first answer: the latency is a sample, and from now on the call's
   * age tells nothing. Its end is `ended(undefined, ok)`.
   */
  answered(latencyMs: number): void;
  /** Gives back a pick that never started. */
  released(): void;
}

/** Evidence halves in about 0.7 of this; see docs/balancing.md. */
const MEMORY_MS = 5_000;
/** A disliked instance is tried once in so many picks. */
const PROBE_PICKS = 300;
const FAILURE_GAIN = 0.3;
/** How long what was known of an instance that left is kept: the weight expiration period of gRFC A58. */
const RESUME_MS = 180_000;

/**
 * Chooses among two random instances and the one remembered from the last pick the one with the least expected load.
 */
export class P2cEwma<K> {
  readonly #random: () => number;
  readonly #weight: ((key: K) => number) | undefined;
  readonly #onPick: P2cEwmaOptions<K>["onPick"];
  readonly #pool = new Pool();
  #members = new Map<K, Member<K>>();
  #list: Member<K>[] = [];
  #left = new Map<K, Member<K>>();
  #remembered: Member<K> | undefined;

  constructor({ now = () => performance.now(), random = Math.random, weight, onPick }: P2cEwmaOptions<K> = {}) {
    this.#random = random;
    this.#weight = weight;
    this.#onPick = onPick;
    this.#pool.now = now;
  }

  /** Instances there are. */
  get size(): number {
    return this.#list.length;
  }

  /** The instances, for display. */
  nodes(): readonly Node<K>[] {
    return this.#list;
  }

  /** Makes these keys the members. What is known of those that stay, or come back within three minutes, is kept. */
  set(keys: Iterable<K>): void {
    const now = this.#pool.tick();
    const members = new Map<K, Member<K>>();
    for (const key of keys) {
      if (members.has(key)) continue;
      let member = this.#members.get(key);
      if (!member) {
        member = this.#left.get(key) ?? new Member(key, this.#pool);
        member.lastPick = Number.NEGATIVE_INFINITY;
        this.#left.delete(key);
      }
      member.weight = positive(this.#weight?.(key));
      members.set(key, member);
    }
    for (const [key, member] of this.#members) {
      if (members.has(key)) continue;
      member.leftAt = now;
      this.#left.set(key, member);
    }
    for (const [key, member] of this.#left) {
      if (now - member.leftAt < RESUME_MS) break;
      this.#left.delete(key);
    }
    this.#members = members;
    this.#list = [...members.values()];
    if (this.#remembered && !members.has(this.#remembered.key)) this.#remembered = undefined;
  }

  /** The instance for the next call, reserved for it, or undefined when there are none. */
  pick(): Node<K> | undefined {
    const list = this.#list;
    const n = list.length;
    if (n === 0) return undefined;
    this.#pool.tick();
    this.#pool.picks += 1;
    const i = Math.min(n - 1, Math.floor(this.#random() * n));
    let j = n > 1 ? Math.min(n - 2, Math.floor(this.#random() * (n - 1))) : 0;
    if (n > 1 && j >= i) j += 1;
    const a = list[i]!;
    const b = list[j]!;
    const c = this.#remembered ?? a;
    let chosen = a;
    if (b.loadNow() < chosen.loadNow()) chosen = b;
    if (c.loadNow() < chosen.loadNow()) chosen = c;
    if (a.isDue()) chosen = a;
    else if (b.isDue()) chosen = b;
    chosen.reserve();
    let best = a;
    if (b.loadNow() < best.loadNow()) best = b;
    if (c.loadNow() < best.loadNow()) best = c;
    this.#remembered = best;
    this.#onPick?.(chosen, a, b, c);
    return chosen;
  }
}

function positive(weight: number | undefined): number {
  return weight !== undefined && weight > 0 && weight < Number.POSITIVE_INFINITY ? weight : 1;
}

/** What the members of one balancer share. */
class Pool {
  now: () => number = () => 0;
  /** Never runs backwards, whatever the clock does. */
  time = 0;
  picks = 0;
  /** Mean latency of all calls: what is expected of an instance nothing is known of. */
  latency = 0;

  tick(): number {
    const now = this.now();
    if (now > this.time && now < Number.POSITIVE_INFINITY) this.time = now;
    return this.time;
  }
}

class Member<K> implements Node<K> {
  readonly key: K;
  readonly #pool: Pool;
  weight = 1;
  leftAt = 0;
  lastPick = Number.NEGATIVE_INFINITY;
  failureRate = 0;
  #reserved = 0;
  #running = 0;
  #timed = 0;
  /** Sum of the start times of the timed calls that are running. */
  #startSum = 0;
  /** Latencies seen and how many, both fading with time. */
  #sum = 0;
  #count = 0;
  #stamp = 0;
  #streak = 0;

  constructor(key: K, pool: Pool) {
    this.key = key;
    this.#pool = pool;
  }

  get inFlight(): number {
    return this.#reserved + this.#running;
  }

  get ewmaMs(): number {
    return this.#expected();
  }

  load(): number {
    this.#pool.tick();
    return this.loadNow();
  }

  loadNow(): number {
    const healthy = 1 - this.failureRate;
    return (this.#expected() * (this.inFlight / this.weight + 1)) / (healthy * healthy * healthy);
  }

  isDue(): boolean {
    if (this.failureRate < 0.2 || this.inFlight > 0) return false;
    return this.#pool.picks - this.lastPick > PROBE_PICKS / 8 ** Math.min(3, this.#streak);
  }

  reserve(): void {
    this.#reserved += 1;
    this.lastPick = this.#pool.picks;
  }

  started(timed = true): void {
    if (this.#reserved === 0) return;
    this.#reserved -= 1;
    this.#running += 1;
    if (!timed) return;
    this.#timed += 1;
    this.#startSum += this.#pool.tick();
  }

  released(): void {
    if (this.#reserved > 0) this.#reserved -= 1;
  }

  answered(latencyMs: number): void {
    if (this.#timed === 0 || !(latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY)) return;
    const now = this.#pool.tick();
    this.#forget(now, latencyMs);
    this.#learn(now, latencyMs);
  }

  ended(latencyMs: number | undefined, ok: boolean | undefined, _report?: unknown): void {
    if (this.#running === 0) return;
    const now = this.#pool.tick();
    this.#running -= 1;
    if (this.#timed > this.#running || latencyMs !== undefined) this.#forget(now, latencyMs);
    if (latencyMs !== undefined && latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY) {
      if (ok || latencyMs > this.#expected()) this.#learn(now, latencyMs);
    }
    if (ok === undefined) return;
    this.#streak = ok ? this.#streak + 1 : 0;
    this.failureRate += FAILURE_GAIN * ((ok ? 0 : 0.98) - this.failureRate);
  }

  #forget(now: number, latencyMs: number | undefined): void {
    if (this.#timed === 0) return;
    const start = latencyMs === undefined ? this.#startSum / this.#timed : now - latencyMs;
    this.#timed -= 1;
    this.#startSum = this.#timed === 0 ? 0 : this.#startSum - start;
  }

  #learn(now: number, latencyMs: number): void {
    const kept = this.#kept(now);
    this.#sum = this.#sum * kept + latencyMs;
    this.#count = this.#count * kept + 1;
    this.#stamp = now;
    const pool = this.#pool;
    pool.latency += (latencyMs - pool.latency) * (pool.latency === 0 ? 1 : 0.01);
  }

  #kept(now: number): number {
    return Math.exp((this.#stamp - now) / MEMORY_MS);
  }

  #expected(): number {
    const { time, latency } = this.#pool;
    const kept = this.#kept(time);
    const ages = Math.max(0, this.#timed * time - this.#startSum);
    return (latency + this.#sum * kept + ages) / (1 + this.#count * kept) || 1;
  }
}
