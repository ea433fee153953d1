import { FAILURE_POWER, FAILURE_RUN, PROBE_PRICE } from "./constants.js";
import type { Kind } from "./kinds.js";
import { Work } from "./work.js";

/** Keeps the load of an instance that always fails finite, so that several of them can still be compared. */
const HIGHEST_RATE = 0.98;
/** No run of calls moves the failure rate further than this at once. */
const LARGEST_STEP = 0.75;
/** A failure rate that has fallen below this is forgotten: the least dislike would lose every comparison of equals. */
const BLAMELESS = 0.05;

/** How much an instance is disliked because calls fail there. */
export class Failures extends Work {
  /** Equal outcomes in a row: successes above 0, failures below. */
  run = 0;
  /** How likely its next call is to fail. */
  failureRate = 0;
  /** How many times dearer its calls are because of that. */
  penalty = 1;

  /** How much longer than the mean of its kind its last call took, 1 to PROBE_PRICE: what it cost if it failed. */
  price = 1.5;

  /** A call of this kind took so long. */
  spend(latencyMs: number, kind: Kind): void {
    this.price = Math.max(1, Math.min(latencyMs * kind.perMeanMs, PROBE_PRICE));
  }

  /**
   * The last call succeeded or failed. A failure counts as many as its price. What fails everywhere, whatever instance it
   * goes to, says little of this one.
   */
  judge(ok: boolean, kind: Kind): void {
    if (ok) {
      this.run = this.run > 0 ? this.run + 1 : 1;
      if (this.failureRate === 0) return;
    } else this.run = this.run < 0 ? this.run - 1 : -1;
    this.#move(ok, kind);
  }

  #move(ok: boolean, { failing }: Kind): void {
    const step = Math.min(LARGEST_STEP, Math.abs(this.run) / FAILURE_RUN);
    if (ok) this.failureRate *= this.failureRate > BLAMELESS ? 1 - step : 0;
    else
      this.failureRate += (HIGHEST_RATE - this.failureRate) * (1 - (1 - step) ** this.price) * (1 - failing * failing);
    this.penalty = this.failureRate === 0 ? 1 : (1 - this.failureRate) ** -FAILURE_POWER;
  }
}
