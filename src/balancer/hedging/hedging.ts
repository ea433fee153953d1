import { LatencySketch } from "./latency-sketch.js";
import { WorthWatch } from "./worth-watch.js";

export interface HedgingOptions {
  /** Milliseconds of a monotonic clock. Default performance.now. */
  now?: () => number;
  /** Uniform in [0, 1). Default Math.random. */
  random?: () => number;
  /** Second copies for each call, in the long run and over all methods, 0 to 1. More counts as 1, what is no such number as 0. Default 0.05. */
  budget?: number;
}

/**
 * A second copy is sent when only as many calls are late as the budget pays for: so many times its share of the calls with no
 * copy saved up, and with all. Between them the account neither runs dry, so that chance decides who gets a copy, nor fills.
 */
const [SPARING, GENEROUS] = [0.88, 1.12];
/** However large the budget: more calls than a tenth are no tail, and near CROWD nothing would be hedged. */
const LEAST_DELAY_SHARE = 0.9;
/** Before so many answers nobody knows what is slow. */
const LEAST_ANSWERS = 30;
/** Answers are remembered for one to two of these, in milliseconds, or for longer where they are few. */
const WINDOW_MS = 5_000;
/** The first window is so long, each further one twice as long: what a client meets that knows nothing is soon out of date. */
const FIRST_WINDOW_MS = 500;
/** The delay is worked out again after so many answers. */
const STALE_AFTER = 16;
/** Copies that may be saved up, for the moment in which an instance freezes. */
const MOST_TOKENS = 40;
/** A client begins with what so many calls pay for: then it knows least of its instances. */
const CALLS_PAID_AHEAD = 100;
/** What most calls do is known from about so many of the last. */
const CALLS = 200;
/** Where more than this share outlives the delay, it is no tail any more: everything has become slower. */
const CROWD = 0.15;
/** The same where copies are useless and only what is much too late is hedged. */
const CROWD_TOO_LATE = 0.08;
/** Where copies are useless, a call that takes so many times the delay is another matter: its instance may hang. */
const MUCH_TOO_LATE = 5;
/** Methods told apart; the one called longest ago is forgotten for a new one. */
const METHODS = 256;

/**
 * When to send a second copy of a call that is slow, for a client whose calls may be carried out twice. Pure: no timers.
 * started() says how long to wait, take() pays for the copy when the wait is over, ended() tells what it was good for.
 *
 * The delay is a live percentile of the method's latency (Dean and Barroso, "The tail at scale", CACM 2013), copies are paid
 * from a token budget, and they stop where they do not win, and while everything is slow.
 */
export class Hedging<M> {
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #budget: number;
  readonly #methods = new Map<M, MethodLatency>();
  #tokens: number;

  constructor({ now = () => performance.now(), random = Math.random, budget = 0.05 }: HedgingOptions = {}) {
    this.#now = now;
    this.#random = random;
    this.#budget = budget >= 0 ? Math.min(budget, 1) : 0;
    this.#tokens = Math.min(CALLS_PAID_AHEAD * this.#budget, MOST_TOKENS);
  }

  /** A call begins. @returns after how many milliseconds without an answer to ask for a second copy; undefined for never. */
  started(method: M): number | undefined {
    this.#tokens = Math.min(this.#tokens + this.#budget, MOST_TOKENS);
    const known = this.#methods.get(method) ?? this.#meet(method);
    known.begin(this.#now());
    return known.delayMs;
  }

  /**
   * The wait is over and there is no answer.
   * @param outlived whether the call has just outlived its delay; false where it asks once more, or has failed. Default true.
   * @returns whether the copy may be sent; it is then paid for.
   */
  take(method: M, outlived = true): boolean {
    const known = this.#methods.get(method);
    if (!known?.mayHedge(this.#now(), outlived) || this.#tokens < 1) return false;
    this.#tokens -= 1;
    known.hedge(this.#now(), this.#random);
    return true;
  }

  /** The copy that take() has paid for was not sent, because there was no instance for it just then: its price is given back. */
  notSent(): void {
    this.#tokens = Math.min(this.#tokens + 1, MOST_TOKENS);
  }

  /**
   * A call is over.
   * @param ms since started().
   * @param copies how many were sent.
   * @param winner which of them brought the answer; 0 when none did.
   * @param copyMs how long the second one ran, in milliseconds. Default as if it had been sent after the delay.
   */
  ended(method: M, ms: number, copies: 1 | 2, winner: 0 | 1 | 2, copyMs?: number): void {
    const known = this.#methods.get(method);
    if (copies === 2) known?.compare(ms, winner, this.#random, copyMs);
    known?.end(ms, winner > 0, this.#delayShare());
  }

  /** The share of calls that are answered before a second copy is sent. */
  #delayShare(): number {
    const generosity = SPARING + ((GENEROUS - SPARING) * this.#tokens) / MOST_TOKENS;
    return Math.max(LEAST_DELAY_SHARE, 1 - this.#budget * generosity);
  }

  #meet(method: M): MethodLatency {
    if (this.#methods.size >= METHODS) this.#forgetOldest();
    const known = new MethodLatency();
    this.#methods.set(method, known);
    return known;
  }

  #forgetOldest(): void {
    let oldest: { method: M; at: number } | undefined;
    for (const [method, { startedAt: at }] of this.#methods) if (!oldest || at < oldest.at) oldest = { method, at };
    this.#methods.delete(oldest!.method);
  }
}

/** What calls of one method take, and what second copies of them are good for. */
class MethodLatency {
  readonly worth = new WorthWatch();
  readonly #sketch = new LatencySketch();
  startedAt = Number.NEGATIVE_INFINITY;
  #windowSince: number | undefined;
  #windowMs = FIRST_WINDOW_MS;
  /** Calls lately, and those of them that outlived the delay. */
  #calls = CALLS;
  #slow = 0;
  #untilWorkedOut = LEAST_ANSWERS;
  #delayMs: number | undefined;
  /** The last trial while copies were held to be useless. */
  #triedAt = Number.NEGATIVE_INFINITY;

  /** undefined while nobody knows. */
  get delayMs(): number | undefined {
    if (this.#delayMs === undefined || !this.worth.useless || this.worth.trialDue) return this.#delayMs;
    return this.#delayMs * MUCH_TOO_LATE;
  }

  begin(now: number): void {
    this.startedAt = now;
    this.#windowSince ??= now;
    if (now - this.#windowSince >= this.#windowMs && this.#sketch.fresh >= LEAST_ANSWERS) {
      this.#sketch.rotate();
      this.#windowSince = now;
      this.#windowMs = Math.min(2 * this.#windowMs, WINDOW_MS);
    }
    this.#calls += 1 - this.#calls / CALLS;
    this.#slow -= this.#slow / CALLS;
    this.worth.called();
  }

  mayHedge(now: number, outlived: boolean): boolean {
    if (outlived) this.#slow += 1;
    if (this.#delayMs === undefined) return false;
    if (this.#slow > (this.worth.useless ? CROWD_TOO_LATE : CROWD) * this.#calls) return false;
    // Of the calls that began while a trial was due, one is enough.
    return !this.worth.useless || this.worth.trialDue || now - this.#triedAt > this.#delayMs;
  }

  hedge(now: number, random: () => number): void {
    if (!this.worth.trialDue) return;
    this.worth.tried(random);
    this.#triedAt = now;
  }

  /** Two copies of a call have run against each other. */
  compare(ms: number, winner: 0 | 1 | 2, random: () => number, copyMs = ms - (this.#delayMs ?? 0)): void {
    this.worth.learn(winner === 2, winner === 0 ? undefined : this.#sketch.shareWithin(copyMs), random);
  }

  /** @param delayShare of the calls, that are answered before a copy is sent. */
  end(ms: number, answered: boolean, delayShare: number): void {
    // One that failed sooner than others answer says nothing of how long an answer takes.
    if (!(ms >= 0) || (!answered && ms <= (this.#delayMs ?? 0))) return;
    this.#sketch.add(ms);
    this.#untilWorkedOut -= 1;
    if (this.#untilWorkedOut > 0) return;
    this.#untilWorkedOut = STALE_AFTER;
    this.#delayMs = this.#sketch.quantile(delayShare);
  }
}
