import { PROBE_MS, PROBE_PICKS, PROBE_SHARE, SLOW_SHARE } from "./constants.js";
import { Failures } from "./failures.js";
import type { Pool } from "./pool.js";

/** A number of picks ago that makes anyone due. */
const LONG_AGO = -(2 ** 30);
/** So many answers are an impression; before, another one is asked for soon. */
const FEW_ANSWERS = 2;
/** ... after so many fair shares. */
const FEW_SHARES = 6;

/** No instance is tried sooner because it was merely slow. */
const LEAST_SHARES = 1.25;

/** When an instance that is not chosen is tried again all the same. */
export class Probing extends Failures {
  /** The pick that last chose it, and when. A newcomer, or one that is back, is due at once. */
  #lastPick = LONG_AGO;
  #pickedAt = -0.5;
  /** How much longer than the mean of its kind its last call took, between 1 and PROBE_PRICE. */
  price = 1;

  /** Joins, or is back. */
  enter(): void {
    this.#lastPick = LONG_AGO;
  }

  picked(pool: Pool): void {
    this.#lastPick = pool.picks;
    this.#pickedAt = pool.time;
  }

  /**
   * Whether it has gone without a pick for so long that it must be tried, however it compares.
   * @param share after how many picks it would have one if all were alike.
   */
  isOverdue(pool: Pool, share: number): boolean {
    const unpicked = pool.picks - this.#lastPick;
    return unpicked >= share && this.#isLate(unpicked, share, pool);
  }

  #isLate(unpicked: number, share: number, { size, time, mean }: Pool): boolean {
    const most = Math.max(PROBE_PICKS, PROBE_SHARE * size) * this.price;
    if (unpicked > most || time - this.#pickedAt > PROBE_MS) return true;
    if (this.failureRate > 0) {
      // Sooner the milder the dislike, and eight times sooner after each success.
      const dislike = Math.min(1, (this.penalty - 1) / 8);
      return unpicked > (most * dislike) / 8 ** Math.max(0, this.run);
    }
    // One that was merely slow, by chance it may be, is tried the sooner the less slow it was: by what such calls take now or
    // by what they took then, whichever is the less, because where all were cold, none was slow.
    const root = this.last / mean;
    const last = Math.min(root * root, this.price);
    if (this.answers < FEW_ANSWERS) return unpicked > FEW_SHARES * share * last * last;
    const usual = this.expected / mean;
    const above = Math.max(usual * usual, last) - 1;
    return unpicked > share * Math.max(LEAST_SHARES, SLOW_SHARE * above * above * above * above);
  }
}
