import { FAILURE_POWER, FAILURE_RUN, PROBE_PRICE } from "./constants.js";
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

  /**
   * @param price how many calls' time a failure cost, 1 to PROBE_PRICE: so many failures it counts as.
   * @param elsewhere share of the calls of its kind that fail, whatever instance they go to: what fails everywhere says
   *   little of this instance.
   */
  judge(ok: boolean, price: number, elsewhere: number): void {
    if (ok) this.run = Math.max(1, this.run + 1);
    else this.run = Math.min(-1, this.run - 1);
    if (ok && this.failureRate === 0) return;
    const step = Math.min(LARGEST_STEP, Math.abs(this.run) / FAILURE_RUN);
    if (ok) this.failureRate *= this.failureRate > BLAMELESS ? 1 - step : 0;
    else
      this.failureRate += (HIGHEST_RATE - this.failureRate) * (1 - (1 - step) ** price) * (1 - elsewhere * elsewhere);
    this.penalty = this.failureRate === 0 ? 1 : (1 - this.failureRate) ** -FAILURE_POWER;
  }
}

/** How many calls' time it cost, 1 to PROBE_PRICE. */
export function priceOf(latencyMs: number, meanMs: number): number {
  return meanMs > 0 ? Math.max(1, Math.min(latencyMs / meanMs, PROBE_PRICE)) : 1;
}
