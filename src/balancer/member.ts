import {
  CROWD,
  CROWD_LIMIT,
  CROWD_SHARE,
  FAILURE_POWER,
  FAILURE_RUN,
  MEAN_AS_CALLS,
  NOISE_BAND,
  NOISE_MS,
  OUTLIER,
  PROBE_PICKS,
  PROBE_PRICE,
  PROBE_SHARE,
  RECENT_MS,
  SILENCE,
  SLOW_SHARE,
  UNSEEN_CALLS,
  USUAL_AS_CALLS,
  USUAL_MS,
} from "./constants.js";
import type { Node } from "./node.js";
import type { Pool } from "./pool.js";

/** Keeps the load of an instance that always fails finite, so that several of them can still be compared. */
const HIGHEST_FAILURE_RATE = 0.98;
/** No run of calls moves the failure rate further than this at once. */
const LARGEST_STEP = 0.75;
/** A failure rate that has fallen below this is forgotten: the least dislike would lose every comparison of equals. */
const BLAMELESS = 0.05;

/** Milliseconds in which nothing fades that matters. */
const QUICK_MS = 15;

// To multiply is quicker than to divide.
const PER_USUAL_MS = 1 / USUAL_MS;
const PER_RECENT_MS = 1 / RECENT_MS;

/** So few calls in flight are no crowd: they would count 0.4 % more. */
const FEW = CROWD / 2;

/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;
/** A number of picks ago that makes anyone due. */
const LONG_AGO = -(2 ** 30);

/**
 * What is known of one instance, and the load that follows from it. Among thousands of instances a pick waits for memory
 * more than for arithmetic, so what it reads stands first and together.
 */
export class Member<K> implements Node<K> {
  readonly #pool: Pool;
  /** One over its share of the weight, the mean being 1. */
  perWeight = 1;
  /** How many times dearer its calls are than those of one nearby. */
  distance = 1;
  /** How many times dearer its calls are because some fail. */
  #penalty = 1;
  #reserved = 0;
  #running = 0;

  // Latencies and their number, fading with time: two memories, one long, one short.
  #usualSum = NOTHING;
  #usualCalls = NOTHING;
  #recentSum = NOTHING;
  #recentCalls = NOTHING;
  #learnedAt = NOTHING;

  // Calls begun since the last answer, and the sum of their start times.
  #unanswered = 0;
  #unansweredSince = NOTHING;

  #answers = 0;
  /** Equal outcomes in a row: successes above 0, failures below. */
  #run = 0;
  failureRate = 0;
  /** How much longer than the mean its last call took, between 1 and PROBE_PRICE. */
  #price = 1;
  /** Worked out by weigh(). A field, because a number that a function returns may cost an allocation. */
  #expectedMs = 0.5;
  /** The load when last worked out. */
  weighed = 0.5;
  /** The pick that last chose it. A newcomer, or one that is back, is due at once. */
  #lastPick = LONG_AGO;

  readonly key: K;
  /** The last set() that named it. */
  round = 0;
  leftAt = 0;

  constructor(key: K, pool: Pool) {
    this.key = key;
    this.#pool = pool;
  }

  get inFlight(): number {
    return this.#reserved + this.#running;
  }

  get ewmaMs(): number {
    this.#pool.tick();
    this.#expect();
    return this.#expectedMs;
  }

  load(): number {
    this.#pool.tick();
    this.weigh();
    return this.weighed;
  }

  /** Works out the load at the time last read. */
  weigh(): void {
    this.#expect();
    if (this.#pool.meanMs < NOISE_MS) this.#hush();
    const busy = this.inFlight * this.perWeight;
    this.weighed = this.#expectedMs * this.distance * this.#penalty * (busy + UNSEEN_CALLS);
    if (busy > FEW) this.#crowd(busy);
  }

  /** Many in flight wait for each other, and count more than one by one. */
  #crowd(busy: number): void {
    const { picks, over, size } = this.#pool;
    const crowd = busy / Math.max(CROWD, (CROWD_SHARE * (picks - over)) / size);
    const times = Math.min(1 + crowd ** 8, CROWD_LIMIT);
    this.weighed *= (busy * times + UNSEEN_CALLS) / (busy + UNSEEN_CALLS);
  }

  /** Where calls are fast, latencies near the mean tell nothing of the instance, nor does a first answer: of cold code. */
  #hush(): void {
    const { meanMs } = this.#pool;
    this.#expectedMs = Math.max(this.#answers === 1 ? 0 : this.#expectedMs, meanMs * NOISE_BAND) || 1;
  }

  #forget(): void {
    this.#usualSum = NOTHING;
    this.#usualCalls = NOTHING;
    this.#recentSum = NOTHING;
    this.#recentCalls = NOTHING;
  }

  /** Joins, or is back: its first call comes when it is next in a sample. */
  enter(): void {
    this.#lastPick = LONG_AGO;
  }

  /** Whether it has gone without a pick for so long that it must be tried, however it compares. */
  isDue(): boolean {
    // Its fair share is the least distance of two probes.
    return this.inFlight === 0 && this.#pool.picks - this.#lastPick >= this.#pool.size && this.#isOverdue();
  }

  #isOverdue(): boolean {
    const { picks, size } = this.#pool;
    const unpicked = picks - this.#lastPick;
    const most = Math.max(PROBE_PICKS, PROBE_SHARE * size) * this.#price;
    if (unpicked > most) return true;
    // One that was merely slow, by chance it may be, is tried the sooner the less slow it was.
    if (this.failureRate === 0) return unpicked > SLOW_SHARE * size * this.#price ** 2;
    // Sooner the milder the dislike, and eight times sooner after each success.
    const dislike = Math.min(1, (this.#penalty - 1) / 8);
    return unpicked > (most * dislike) / 8 ** Math.max(0, this.#run);
  }

  reserve(): void {
    // Near enough, in a crowd too, to tell which one to remember.
    this.weighed *= 1 + this.perWeight / (this.inFlight * this.perWeight + UNSEEN_CALLS);
    this.#reserved += 1;
    this.#lastPick = this.#pool.picks;
  }

  released(): void {
    if (this.#reserved === 0) return;
    this.#reserved -= 1;
    this.#pool.over += 1;
  }

  started(): void {
    if (this.#reserved === 0) return;
    this.#reserved -= 1;
    this.#running += 1;
    this.#unanswered += 1;
    // The time last read is that of a pick, most often its own; the clock is the dearest part of a call's bookkeeping.
    this.#unansweredSince += this.#pool.time;
  }

  answered(latencyMs: number): void {
    if (this.#running === 0) return;
    if (isLatency(latencyMs)) this.#learn(latencyMs, true);
    this.#heard();
  }

  ended(latencyMs?: number, ok?: boolean, _report?: unknown): void {
    if (this.#running === 0) return;
    this.#running -= 1;
    this.#pool.over += 1;
    if (isLatency(latencyMs)) this.#learn(latencyMs, ok);
    if (ok !== undefined) this.#judge(ok);
    this.#heard();
  }

  /** A sign of life: calls that are still running (streams, it may be) no longer count as silence. */
  #heard(): void {
    this.#unanswered = 0;
    this.#unansweredSince = NOTHING;
  }

  #learn(latencyMs: number, ok: boolean | undefined): void {
    const pool = this.#pool;
    // The time last read is that of this call's pick or of a later one: for a quick call that is near enough.
    if (latencyMs >= QUICK_MS) pool.tick();
    const { meanMs, time } = pool;
    if (meanMs > 0) this.#price = Math.max(1, Math.min(latencyMs / meanMs, PROBE_PRICE));
    const counted = pool.trim(latencyMs);
    if (this.#answers === 1 && meanMs < NOISE_MS) this.#forget();
    this.#answers += 1;
    if (!ok) {
      this.#expect();
      if (counted <= this.#expectedMs) return;
    }
    const age = time - this.#learnedAt;
    const usual = 1 / growth(age * PER_USUAL_MS);
    const recent = 1 / growth(age * PER_RECENT_MS);
    this.#usualSum = this.#usualSum * usual + counted;
    this.#usualCalls = this.#usualCalls * usual + 1;
    this.#recentSum = this.#recentSum * recent + counted;
    this.#recentCalls = this.#recentCalls * recent + 1;
    this.#learnedAt = time;
    pool.learn(counted);
  }

  /** A failure that took long weighs like several, because it cost the caller as much. */
  #judge(ok: boolean): void {
    if (ok) this.#run = Math.max(1, this.#run + 1);
    else this.#run = Math.min(-1, this.#run - 1);
    if (ok && this.failureRate === 0) return;
    const step = Math.min(LARGEST_STEP, Math.abs(this.#run) / FAILURE_RUN);
    if (ok) this.failureRate *= this.failureRate > BLAMELESS ? 1 - step : 0;
    else this.failureRate += (HIGHEST_FAILURE_RATE - this.failureRate) * (1 - (1 - step) ** this.#price);
    this.#penalty = this.failureRate === 0 ? 1 : (1 - this.failureRate) ** -FAILURE_POWER;
  }

  /**
   * What it usually does leans on the mean of all; what it does now leans on what it usually does. A lean weighs as much
   * as a few calls, and the more the older the evidence is.
   */
  #expect(): void {
    const { time, meanMs } = this.#pool;
    const age = time - this.#learnedAt;
    const mean = MEAN_AS_CALLS * growth(age * PER_USUAL_MS);
    const usualMs = mean * meanMs + this.#usualSum;
    const usualCalls = mean + this.#usualCalls;

    const recent = growth(age * PER_RECENT_MS);
    const usual = USUAL_AS_CALLS * recent;
    let recentMs = this.#recentSum;
    const unanswered = this.#unanswered;
    if (unanswered > 0) {
      const silence = Math.min(unanswered * time - this.#unansweredSince, unanswered * meanMs * OUTLIER);
      recentMs += SILENCE * silence * recent;
    }
    // (usual * usualMs / usualCalls + recentMs) / (usual + recentCalls) with one division, the dearest step of a pick.
    this.#expectedMs = (usual * usualMs + recentMs * usualCalls) / (usualCalls * (usual + this.#recentCalls));
  }
}

function isLatency(latencyMs: number | undefined): latencyMs is number {
  return latencyMs !== undefined && latencyMs >= 0 && latencyMs < Number.POSITIVE_INFINITY;
}

/** How much evidence has lost after x lifetimes: near exp(x), which costs more than the rest of a pick. */
function growth(x: number): number {
  return 1 + x + 0.5 * x * x;
}
