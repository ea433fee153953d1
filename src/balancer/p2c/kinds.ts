import { CHEAP_COST_SHARE, KINDS, MEAN_CALLS, OUTLIER, UNSEEN_CALLS } from "./constants.js";
import type { Measurement } from "./measurement.js";

const PER_MEAN_CALLS = 1 / MEAN_CALLS;
/** A longer latency is taken for this, so that sums stay finite and exact. */
const LONGEST_MS = 3_600_000;
/** How often a kind must have been used lately fades by this share at each new kind that finds no room. */
const FADING = 1 / KINDS;
/** A call counts as no longer than so many mean calls. */
const LONGEST = 100;
/** One that takes more than this share of a mean call, and less than one over it times as long, counts as one. */
const NEAR = 0.8;
/** A kind that tells first answers oftener than this is of streams. */
const MOSTLY = 0.5;
/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;

/** Calls of one method, over all instances: what they usually take, and how often they fail wherever they go. */
export class Kind {
  readonly name: string | undefined;
  /** Kinds that took another's place, all together: what the first answer of such a one is compared with. */
  readonly #others: Kind | undefined;
  /** Mean latency in milliseconds; 0 before the first answer. */
  meanMs = NOTHING;
  /** One over it, because to multiply is quicker than to divide. */
  perMeanMs = NOTHING;
  /** Mean of the roots of the latencies, the scale on which an instance's latency is compared, and one over it. */
  #root = NOTHING;
  perRoot = NOTHING;
  /** The mean root that the pool's unit last followed. */
  #followed = NOTHING;
  /** Worked out by move(): the mean root now to that one. */
  moved = 0.5;
  /** Worked out by weigh(): what one of its calls in flight weighs. */
  cost = 1.5;
  /** Worked out by weigh(): the share by which a call in flight counts as what it costs to one of its calls, and else as one. */
  costShare = 0.5;
  /** Worked out by weigh(): what one of its calls in flight is to the next of it. */
  own = 1.5;
  /** Worked out by weigh(): the calls that nobody here sees, to one of it; a dear one waits a small part of its own time for what else is in flight. */
  unseen = 0.5;
  /** Answers so far. */
  answers = 0;
  /** Share of its calls that failed, whatever instance they went to. */
  failing = NOTHING;
  /** Streams of this kind that have answered and go on, at any instance. */
  open = 0;
  /** Whether its calls are streams: near 1 while they tell a first answer, near 0 while they only end. */
  streaming = NOTHING;
  /** Picks lately, to find the rarest. */
  uses = 0;

  constructor(name: string | undefined, others?: Kind) {
    this.name = name;
    this.#others = others;
    this.cost = 1;
    this.costShare = 1;
    this.own = 1;
    this.unseen = UNSEEN_CALLS;
  }

  /** The longest latency that counts. */
  get longestMs(): number {
    if (this.answers > 0) return Math.min(this.meanMs * OUTLIER, LONGEST_MS);
    return this.#others?.longestMs ?? LONGEST_MS;
  }

  /** One over the mean root that its first answer is compared with; 0 where there is nothing to compare it with. */
  get perFirstRoot(): number {
    return this.#others?.perRoot ?? 0;
  }

  /** What it weighs beyond a mean call; 0 for one that is near enough to it. */
  get extra(): number {
    return this.cost - 1;
  }

  /** Learns from a latency that was measured. */
  learn(measured: Measurement): void {
    const { counted, root } = measured;
    if (this.answers === 0) this.#others?.learn(measured);
    this.answers += 1;
    const part = this.answers < MEAN_CALLS ? 1 / this.answers : PER_MEAN_CALLS;
    this.meanMs += (counted - this.meanMs) * part;
    this.perMeanMs = 1 / this.meanMs;
    const step = (root - this.#root) * part;
    measured.drift = step * this.perRoot;
    this.#root += step;
    this.perRoot = 1 / this.#root;
    if (this.#followed === 0) this.#followed = this.#root;
  }

  /** Works out how far its mean root has moved since it was last followed. */
  move(): void {
    this.moved = this.#root / this.#followed;
  }

  /** The pool's unit has followed its mean root to where it is now. */
  followed(): void {
    this.#followed = this.#root;
  }

  /** Whether its calls are streams, some of which go on now. */
  get isOfStreams(): boolean {
    return this.open > 0 && this.streaming > MOSTLY;
  }

  /** One of its calls has told a first answer as a stream does, or has ended as other calls do. */
  streamed(as: boolean): void {
    this.streaming += ((as ? 1 : 0) - this.streaming) / 8;
  }

  judge(ok: boolean): void {
    if (ok && this.failing === 0) return;
    this.failing += ((ok ? 0 : 1) - this.failing) * PER_MEAN_CALLS;
  }

  /**
   * Works out what one of its calls in flight weighs, a mean call being 1: the root of how many times as long it takes,
   * because a server works on several calls at a time, and a dear one is in the way of fewer than its length says.
   */
  weigh({ meanMs }: { readonly meanMs: number }): void {
    const times = this.meanMs > 0 ? this.meanMs / meanMs : 1;
    if (times > NEAR && times * NEAR < 1) this.cost = 1;
    else this.cost = Math.sqrt(Math.min(times, LONGEST));
    this.costShare = this.cost < 1 ? CHEAP_COST_SHARE : 1;
    this.own = 1 + this.extra * this.costShare;
    this.unseen = UNSEEN_CALLS * Math.max(1, this.cost);
  }
}

/** The kinds of calls that were seen lately. */
export class Kinds {
  /** Calls whose kind nobody told. */
  readonly #unnamed = new Kind(undefined);
  readonly #named = new Map<string, Kind>();
  /**
   * All those that took the place of one forgotten, by their first answers: where there are thousands, most are forgotten before their
   * second, and latencies would say nothing.
   */
  readonly #others = new Kind(undefined);
  /** The one last asked for: a call's pick, start and end often follow one another. */
  #last = this.#unnamed;

  get size(): number {
    return this.#named.size;
  }

  /** As of(), for a new call: among several kinds it is seldom the last one, and to compare two names takes longer than to look one up. */
  ofNew(name: string | undefined): Kind {
    if (name === undefined || this.#named.size < 2) return this.of(name);
    this.#last = this.#named.get(name) ?? this.#meet(name);
    return this.#last;
  }

  of(name: string | undefined): Kind {
    if (name === this.#last.name) return this.#last;
    this.#last = name === undefined ? this.#unnamed : (this.#named.get(name) ?? this.#meet(name));
    return this.#last;
  }

  #meet(name: string): Kind {
    const isFull = this.#named.size >= KINDS;
    if (isFull) this.#forgetRarest();
    const kind = new Kind(name, isFull ? this.#others : undefined);
    this.#named.set(name, kind);
    return kind;
  }

  #forgetRarest(): void {
    let rarest: Kind | undefined;
    for (const kind of this.#named.values()) {
      kind.uses -= Math.ceil(kind.uses * FADING);
      if (!rarest || kind.uses < rarest.uses) rarest = kind;
    }
    this.#named.delete(rarest!.name!);
  }
}
