import type { Node, Weighed } from "../node.js";
import { ABOUT_EQUAL, KEPT_AFTER_LEAVING_MS } from "./constants.js";
import type { Kind } from "./kinds.js";
import { Member } from "./member.js";
import { Pool } from "./pool.js";
import { Sampler } from "./sampler.js";
import { shares } from "./shares.js";

export type { Node, Weighed };

export interface P2cEwmaOptions<K> {
  /** Milliseconds of a monotonic clock. Default process.hrtime. */
  now?: () => number;
  /** Uniform in [0, 1), of 32 random bits or more: one number draws two instances. Default Math.random. */
  random?: () => number;
  /**
   * Relative share of a key, read at each set(): twice the weight, twice the calls. What is no positive number counts as 1, and what is
   * less than a millionth of the largest as that. Default 1.
   */
  weight?: (key: K) => number;
  /**
   * How many times dearer a call to a key is than to one nearby, read at each set(): nearby ones go first, until they are
   * about so many times busier. What is no positive number counts as 1; counted are a millionth to a million. Default 1.
   */
  distance?: (key: K) => number;
  /**
   * Called at each pick, for whoever records or logs them: the node chosen, and the three that were compared (some may be the same), two
   * taken at random and the one remembered from the pick before. Their loads are those that were compared, without the new
   * call.
   */
  onPick?:
    | ((
        chosen: Weighed<K>,
        first: Weighed<K>,
        second: Weighed<K>,
        remembered: Weighed<K>,
        kind: string | undefined,
      ) => void)
    | undefined;
}

/** Looked up once. A quarter cheaper than performance.now, which is the dearest part of a pick. */
const { hrtime } = process;

function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1_000 + nanoseconds * 1e-6;
}

/** No distance counts as more: loads stay finite. */
const FARTHEST = 1e6;

/** A further attempt of a call compares so many instances. */
const SECOND_CHOICES = 8;

/** An index stays below its list's length, whatever generator was passed in. */
const LARGEST_DRAW = 1 - Number.EPSILON;

/**
 * Power of two choices with memory: compares two random instances and the best one left over from the pick before
 * (Mitzenmacher, Prabhakar and Shah, "Load balancing with memory", 2002), and takes the one with the least load.
 */
export class P2cEwma<K> {
  readonly #pool: Pool;
  readonly #random: () => number;
  readonly #weight: P2cEwmaOptions<K>["weight"];
  readonly #distance: P2cEwmaOptions<K>["distance"];
  readonly #onPick: P2cEwmaOptions<K>["onPick"];
  readonly #members = new Map<K, Member<K>>();
  /** Instances that left, the longest gone first. */
  readonly #left = new Map<K, Member<K>>();
  #list: Member<K>[] = [];
  /** Only where weights or distances differ. */
  #sampler: Sampler | undefined;
  #remembered: Member<K> | undefined;
  #round = 0;

  constructor(options: P2cEwmaOptions<K> = {}) {
    const { now = monotonicMs, random = Math.random, weight, distance, onPick } = options;
    this.#pool = new Pool(now);
    this.#random = random;
    this.#weight = weight;
    this.#distance = distance;
    this.#onPick = onPick;
  }

  /** Instances there are. */
  get size(): number {
    return this.#list.length;
  }

  /** The instances, for display. */
  nodes(): readonly Weighed<K>[] {
    return this.#list;
  }

  /**
   * Makes these keys the members. What is known of those that stay is kept, and what was known of those that come back
   * within three minutes; a newcomer is met with what is known of all together.
   */
  set(keys: Iterable<K>): void {
    this.#round += 1;
    const list: Member<K>[] = [];
    const weights: number[] = [];
    for (const key of keys) {
      const member = this.#members.get(key) ?? this.#join(key);
      if (member.round === this.#round) continue;
      member.round = this.#round;
      if (this.#weight) weights.push(positive(this.#weight(key)));
      if (this.#distance) member.distance = Math.min(Math.max(positive(this.#distance(key)), 1 / FARTHEST), FARTHEST);
      list.push(member);
    }
    if (this.#weight) {
      const parts = shares(weights);
      for (let i = 0; i < parts.length; i++) list[i]!.perWeight = 1 / parts[i]!;
    }
    let chances = list.length;
    if (this.#distance) {
      chances = 0;
      for (const { chance } of list) chances += chance;
    }
    for (const member of list) member.setShare(chances / member.chance);
    this.#list = list;
    this.#pool.size = list.length;
    this.#leave();
    this.#sampler = this.#weight || this.#distance ? samplerFor(list) : undefined;
    if (this.#remembered?.round !== this.#round) this.#remembered = undefined;
  }

  /**
   * The instance for the next call, reserved for it; undefined when there are none.
   * @param tried instances to be avoided while there are others, as one where an earlier attempt of the call failed.
   * @param kind what calls of about the same cost have in common, as a method's path: a latency is then compared with those
   *   of its kind, and a call in flight weighs what its kind costs. Told at the pick, it is to be told at the node too.
   *   Without it all calls are of one kind.
   */
  pick(tried?: ReadonlySet<K>, kind?: string): Node<K> | undefined {
    const list = this.#list;
    const pool = this.#pool;
    if (list.length === 0) return undefined;
    pool.tick();
    pool.picks += 1;
    const what = pool.kinds.ofNew(kind);
    what.uses += 1;

    if (tried !== undefined && tried.size > 0) return this.#pickOther(tried, what, kind);

    const n = list.length;
    // Twice in words, because V8 may allocate for a number that a function returns.
    const drawn = Math.min(this.#random(), LARGEST_DRAW);
    const sampler = this.#sampler;
    const at = sampler ? sampler.index(drawn) : Math.floor(drawn * n);
    const first = list[at] ?? list[0]!;
    const second =
      list[sampler ? sampler.index(Math.min(this.#random(), LARGEST_DRAW)) : another(at, drawn * n - at, n)] ?? first;
    const remembered = this.#remembered ?? first;
    first.weigh(what);
    second.weigh(what);
    if (remembered !== first && remembered !== second) remembered.weigh(what);

    let chosen = lightest(first, second, remembered);
    if (chosen !== first && first.isDue(what)) chosen = first;
    else if (chosen !== second && second.isDue(what)) chosen = second;
    this.#onPick?.(chosen, first, second, remembered, kind);
    chosen.take(what);
    this.#remembered = lightest(first, second, remembered);
    return chosen;
  }

  /**
   * Another attempt of a call has lost time already: it finds nothing out about instances that are disliked, and chooses
   * among more of them.
   */
  #pickOther(tried: ReadonlySet<K>, what: Kind, kind: string | undefined): Member<K> {
    const others = this.#list.filter(({ key }) => !tried.has(key));
    const among = others.length > 0 ? others : this.#list;
    const any = () => among[Math.floor(Math.min(this.#random(), LARGEST_DRAW) * among.length)] ?? among[0]!;
    const first = any();
    first.weigh(what);
    let chosen = first;
    for (let i = 1; i < SECOND_CHOICES; i++) {
      const next = any();
      next.weigh(what);
      if (next.weighed < chosen.weighed) chosen = next;
    }
    this.#onPick?.(chosen, first, chosen, chosen, kind);
    chosen.take(what);
    return chosen;
  }

  #join(key: K): Member<K> {
    const member = this.#left.get(key) ?? new Member(key, this.#pool);
    this.#left.delete(key);
    this.#members.set(key, member);
    member.enter();
    return member;
  }

  /** Takes out the members that the last set() did not name, and forgets those that have been away for long. */
  #leave(): void {
    this.#pool.tick();
    const now = this.#pool.time;
    if (this.#members.size > this.#list.length) {
      for (const [key, member] of this.#members) {
        if (member.round === this.#round) continue;
        this.#members.delete(key);
        this.#left.set(key, member);
        member.leftAt = now;
      }
    }
    for (const [key, { leftAt }] of this.#left) {
      if (now - leftAt < KEPT_AFTER_LEAVING_MS) break;
      this.#left.delete(key);
    }
  }
}

/** By weight, and by the square of the distance: the nearest of two is drawn too seldom otherwise where most are far. */
function samplerFor(list: readonly Member<unknown>[]): Sampler | undefined {
  const chances = new Float64Array(list.length);
  let even = true;
  for (let i = 0; i < chances.length; i++) {
    chances[i] = list[i]!.chance;
    if (chances[i] !== chances[0]) even = false;
  }
  return even ? undefined : new Sampler(chances);
}

/** Another index than this one, where there is one, by what is left of the number that drew it: a number costs time too. */
function another(at: number, rest: number, n: number): number {
  const next = at + 1 + Math.floor(rest * (n - 1));
  return next < n ? next : next - n;
}

/** The first of those that are about equal: random ones before the remembered one, so that equals share evenly. */
function lightest<K>(first: Member<K>, second: Member<K>, remembered: Member<K>): Member<K> {
  const best = second.weighed < first.weighed * (1 - ABOUT_EQUAL) ? second : first;
  return remembered.weighed < best.weighed * (1 - ABOUT_EQUAL) ? remembered : best;
}

function positive(factor: number): number {
  return factor > 0 && factor < Number.POSITIVE_INFINITY ? factor : 1;
}
