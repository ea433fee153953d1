import { ABOUT_EQUAL, KEPT_AFTER_LEAVING_MS } from "./constants.js";
import { Full, mostSetAside } from "./full.js";
import { Member } from "./member.js";
import type { Node } from "./node.js";
import { Pool } from "./pool.js";
import { Sampler } from "./sampler.js";
import { shares } from "./shares.js";

export type { Node };

export interface P2cEwmaOptions<K> {
  /** Milliseconds of a monotonic clock. Default performance.now. */
  now?: () => number;
  /** Uniform in [0, 1), of 32 random bits or more: one number draws two instances. Default Math.random. */
  random?: () => number;
  /** Relative share of a key, read at each set(): twice the weight, twice the calls. What is no positive number counts as 1. Default 1. */
  weight?: (key: K) => number;
  /**
   * How many times dearer a call to a key is than to one nearby, read at each set(): nearby ones go first, until they are
   * about so many times busier. What is no positive number counts as 1. Default 1.
   */
  distance?: (key: K) => number;
  /** Largest share of the instances that may be set aside at a time, 0 to 1. Default 0.5. */
  maxSetAside?: number | (() => number) | undefined;
  /**
   * Called at each pick, for debug logs: the node chosen, and the three that were compared (some may be the same), two
   * taken at random and the one remembered from the pick before. Their loads are those that were compared, without the new
   * call.
   */
  onPick?:
    | ((chosen: Node<K>, first: Node<K>, second: Node<K>, remembered: Node<K>, kind: string | undefined) => void)
    | undefined;
}

/** Looked up once: the global is a getter, which costs a pick a tenth of its time. */
const clock = performance;

/** Nobody is set aside for longer, whatever was said, in milliseconds. */
const LONGEST_ASIDE_MS = 60_000;

/** No distance counts as more: loads stay finite. */
const FARTHEST = 1e6;

/** An index stays within its list whatever generator was passed in. */
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
  #all: Member<K>[] = [];
  /** Those of them that are not set aside: who is drawn. */
  #list: Member<K>[] = [];
  readonly #full = new Full<Member<K>>();
  readonly #maxSetAside: P2cEwmaOptions<K>["maxSetAside"];
  /** Instances of the service that are not among these because others have set them aside. */
  #asideElsewhere = 0;
  /** Only where weights or distances differ. */
  #sampler: Sampler | undefined;
  #remembered: Member<K> | undefined;
  #round = 0;

  constructor(options: P2cEwmaOptions<K> = {}) {
    const { now = () => clock.now(), random = Math.random, weight, distance, maxSetAside, onPick } = options;
    this.#pool = new Pool(now);
    this.#pool.setAside = (member, ms) => this.#setAside(member as Member<K>, ms);
    this.#maxSetAside = maxSetAside;
    this.#random = random;
    this.#weight = weight;
    this.#distance = distance;
    this.#onPick = onPick;
  }

  /** Instances there are. */
  get size(): number {
    return this.#all.length;
  }

  /** Instances that get no picks now because they said that they are full. */
  get setAside(): number {
    return this.#all.length - this.#list.length;
  }

  /** How many more may be set aside. */
  get mayBeSetAside(): number {
    return Math.max(0, this.#limit() - this.setAside);
  }

  /** In how many milliseconds the first of them has room again, where all have said that they are full; 0 where one has not. */
  get fullForMs(): number {
    if (this.#full.size === 0) return 0;
    this.#pool.tick();
    if (this.#pool.time >= this.#full.earliest) this.#comeBack();
    return this.#full.size < this.#all.length ? 0 : this.#full.earliest - this.#pool.time;
  }

  /** The instances, for display. */
  nodes(): readonly Node<K>[] {
    return this.#all;
  }

  /**
   * Makes these keys the members. What is known of those that stay is kept, and what was known of those that come back
   * within three minutes; a newcomer is met with what is known of all together.
   * @param setAside further instances of the service, which have been set aside for another reason. Default 0.
   */
  set(keys: Iterable<K>, setAside = 0): void {
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
    this.#all = list;
    this.#asideElsewhere = setAside;
    this.#leave();
    this.#full.keep(this.#pool.time, ({ round }) => round === this.#round);
    this.#arrange();
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
    if (pool.time >= this.#full.earliest) return this.#pickAnew(tried, kind);
    pool.picks += 1;
    const what = pool.kinds.of(kind);
    what.uses += 1;
    what.weigh(pool.meanMs);

    const n = list.length;
    // Twice in words, because V8 may allocate for a number that a function returns.
    const drawn = Math.min(this.#random(), LARGEST_DRAW);
    const at = this.#sampler?.index(drawn) ?? Math.floor(drawn * n);
    let first = list[at]!;
    let second = list[this.#sampler?.index(Math.min(this.#random(), LARGEST_DRAW)) ?? another(at, drawn * n - at, n)]!;
    let remembered = this.#remembered ?? first;
    if (tried !== undefined && tried.size > 0) {
      first = this.#untried(first, tried);
      second = this.#untried(second, tried);
      if (tried.has(remembered.key)) remembered = first;
    }
    first.weigh(what);
    second.weigh(what);
    if (remembered !== first && remembered !== second) remembered.weigh(what);

    const due = first.isDue(what) ? first : second.isDue(what) ? second : undefined;
    const chosen = due ?? lightest(first, second, remembered);
    this.#onPick?.(chosen, first, second, remembered, kind);
    chosen.take(what);
    this.#remembered = lightest(first, second, remembered);
    return chosen;
  }

  #pickAnew(tried: ReadonlySet<K> | undefined, kind: string | undefined): Node<K> | undefined {
    this.#comeBack();
    return this.pick(tried, kind);
  }

  #setAside(member: Member<K>, ms: number): boolean {
    if (member.round !== this.#round || !(ms > 0)) return false;
    this.#pool.tick();
    const until = this.#pool.time + Math.min(ms, LONGEST_ASIDE_MS);
    this.#full.add(member, until);
    this.#arrange();
    return !this.#list.includes(member);
  }

  #comeBack(): void {
    this.#full.keep(this.#pool.time);
    this.#arrange();
  }

  /** How many of these may be set aside. One is always left. */
  #limit(): number {
    const share = typeof this.#maxSetAside === "function" ? this.#maxSetAside() : this.#maxSetAside;
    const most = mostSetAside(this.#all.length + this.#asideElsewhere, share) - this.#asideElsewhere;
    return Math.max(0, Math.min(most, this.#all.length - 1));
  }

  /** Those that are drawn: all but the first of those that are full, as many as may be set aside. */
  #arrange(): void {
    const aside = new Set([...this.#full.members()].slice(0, this.#limit()));
    this.#list = aside.size === 0 ? this.#all : this.#all.filter((member) => !aside.has(member));
    this.#pool.size = this.#list.length;
    this.#sampler = this.#weight || this.#distance ? samplerFor(this.#list) : undefined;
    if (this.#remembered && aside.has(this.#remembered)) this.#remembered = undefined;
  }

  /** This one or, if it was tried already, another at random that was not, while there is one. */
  #untried(member: Member<K>, tried: ReadonlySet<K>): Member<K> {
    if (!tried.has(member.key)) return member;
    const others = this.#list.filter(({ key }) => !tried.has(key));
    return others[Math.floor(Math.min(this.#random(), LARGEST_DRAW) * others.length)] ?? member;
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
    if (this.#members.size > this.#all.length) {
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
    const { perWeight, distance } = list[i]!;
    chances[i] = 1 / (perWeight * distance * distance);
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
