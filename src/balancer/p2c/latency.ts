import { MEAN_AS_CALLS, OUTLIER, RECENT_MS, SILENCE, USUAL_MS } from "./constants.js";
import type { Kind } from "./kinds.js";
import type { Pool } from "./pool.js";

// To multiply is quicker than to divide.
const PER_USUAL_MS = 1 / USUAL_MS;
const PER_RECENT_MS = 1 / RECENT_MS;
/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;
/** So many calls given up in a row, with nothing heard between them, are no chance. */
const SILENT_AFTER = 3;

/**
 * How slow an instance is, whatever kinds of calls it gets. Latency, work, failures and probing are layers of one object and
 * not objects of their own, because among thousands of instances a pick waits for memory more than for arithmetic.
 */
export class Latency {
  // Relative latencies and their number, fading with time: two memories, one long, one short.
  #usualSum = NOTHING;
  #usualCalls = NOTHING;
  #recentSum = NOTHING;
  #recentCalls = NOTHING;
  #learnedAt = NOTHING;
  /** The latest, as it is compared. */
  last = NOTHING;
  /** Answers learned from. */
  answers = 0;

  // Calls begun since the last answer, the sum of one over the mean of each, and of each start time over its mean.
  #unanswered = 0;
  #unansweredRate = NOTHING;
  #unansweredSince = NOTHING;
  /** Calls begun before this are no part of the silence. */
  #silentSince = NOTHING;
  /** Calls given up by their callers since the last answer. */
  #givenUp = 0;

  /** Worked out by expect(). A field, because a number that a function returns may cost an allocation. */
  expected = 0.5;

  /** A call has begun that is to be answered. */
  await(pool: Pool, kind: Kind): void {
    this.#unanswered += 1;
    this.#unansweredRate += kind.perMeanMs;
    // The time last read is that of a pick, most often its own; the clock is the dearest part of a call's bookkeeping.
    this.#unansweredSince += pool.time * kind.perMeanMs;
  }

  /**
   * A call is given up before its answer. One says little; where several are with nothing heard between them, the silence
   * goes on, though this call adds no more to it.
   * @param perMeanMs one over the mean of its kind, before this call's time is learned from.
   */
  gaveUp(pool: Pool, latencyMs: number, perMeanMs: number): void {
    this.#givenUp += 1;
    if (this.#givenUp < SILENT_AFTER) {
      this.#breakSilence(pool);
      return;
    }
    // One that began before the silence is no part of it.
    if (pool.time - latencyMs < this.#silentSince) return;
    this.#unansweredRate -= perMeanMs;
    this.#unansweredSince -= pool.time * perMeanMs;
  }

  /** A call that has waited so long, as a stream may, is no part of the silence. */
  excuse(pool: Pool, waitedMs: number, perMeanMs: number): void {
    const since = pool.time - waitedMs;
    if (since < this.#silentSince || this.#unanswered === 0) return;
    this.#unanswered -= 1;
    this.#unansweredRate -= perMeanMs;
    this.#unansweredSince -= since * perMeanMs;
  }

  /** An answer to any call: what still runs no longer counts as silence. */
  heard(pool: Pool): void {
    this.#givenUp = 0;
    this.#breakSilence(pool);
  }

  #breakSilence(pool: Pool): void {
    this.#silentSince = pool.time;
    this.#unanswered = 0;
    this.#unansweredRate = NOTHING;
    this.#unansweredSince = NOTHING;
  }

  /** Learns from the latency that the pool last measured. */
  learn(pool: Pool): void {
    const relative = pool.measured.compared;
    // A first answer is of cold code and of a connection just made; the second one takes its place.
    if (this.answers > 1) pool.compare(this);
    else if (this.answers === 1) this.#forget();
    this.last = relative;
    this.answers += 1;
    const age = pool.time - this.#learnedAt;
    const usual = 1 / growth(age * PER_USUAL_MS);
    const recent = 1 / growth(age * PER_RECENT_MS);
    this.#usualSum = this.#usualSum * usual + relative;
    this.#usualCalls = this.#usualCalls * usual + 1;
    this.#recentSum = this.#recentSum * recent + relative;
    this.#recentCalls = this.#recentCalls * recent + 1;
    this.#learnedAt = pool.time;
  }

  #forget(): void {
    this.#usualSum = NOTHING;
    this.#usualCalls = NOTHING;
    this.#recentSum = NOTHING;
    this.#recentCalls = NOTHING;
  }

  /**
   * What it usually does leans on the mean of all; what it does now leans on what it usually does. A lean weighs as much
   * as a few calls, more the older the evidence is, and more the more latencies vary.
   */
  expect(pool: Pool): void {
    const { time } = pool;
    const all = pool.mean;
    const age = time - this.#learnedAt;
    const mean = MEAN_AS_CALLS * growth(age * PER_USUAL_MS);
    const usualSum = mean * all + this.#usualSum;
    const usualCalls = mean + this.#usualCalls;

    const recent = growth(age * PER_RECENT_MS);
    const usual = pool.lean * recent;
    let recentSum = this.#recentSum;
    const unanswered = this.#unanswered;
    if (unanswered > 0) {
      const silence = Math.min(time * this.#unansweredRate - this.#unansweredSince, unanswered * OUTLIER);
      if (silence > 0) recentSum += SILENCE * silence * recent * all;
    }
    // (usual * usualSum / usualCalls + recentSum) / (usual + recentCalls) with one division, the dearest step of a pick.
    this.expected = (usual * usualSum + recentSum * usualCalls) / (usualCalls * (usual + this.#recentCalls));
    if (this.expected < pool.alike) this.expected = pool.alike;
  }
}

/** How much evidence has lost after x lifetimes: near exp(x), which costs more than the rest of a pick. */
function growth(x: number): number {
  return 1 + x + 0.5 * x * x;
}
