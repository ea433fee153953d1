import { PROBE_MS, PROBE_PICKS, PROBE_SHARE, SLOW_SHARE } from "./constants.js";
import { Failures } from "./failures.js";
import type { Pool } from "./pool.js";

/** A number of picks ago that makes anyone due. */
const LONG_AGO = -(2 ** 30);
/** So many answers are an impression; before, another one is asked for soon. */
const FEW_ANSWERS = 2;
/** ... after so many fair shares. */
const FEW_SHARES = 6;
/** After so many answers it was no chance that they were slow. */
const SURE_ANSWERS = 20;
/** How rarely one is tried grows with the fourth power of its slowness up to here, then with the third. */
const STEEP = 3;

/** No instance is tried sooner because it was merely slow. */
const LEAST_SHARES = 1.25;

/** When an instance that is not chosen is tried again all the same. */
export class Probing extends Failures {
  /** The pick that last chose it, and when. A newcomer, or one that is back, is due at once. */
  #lastPick = LONG_AGO;
  #pickedAt = -0.5;
  /** After so many picks it would have one if all were alike. */
  #share = 1;
  /** ... and before so many it is not tried. */
  #soonest = 0;

  /** @param picks after how many it would have one if all were alike. */
  setShare(picks: number): void {
    this.#share = picks;
    this.#soonest = Math.floor(picks * LEAST_SHARES);
  }

  /** Joins, or is back. */
  enter(): void {
    this.#lastPick = LONG_AGO;
  }

  picked(pool: Pool): void {
    this.#lastPick = pool.picks;
    this.#pickedAt = pool.time;
  }

  /** Whether it has gone without a pick for so long that it must be tried, however it compares. */
  isOverdue(pool: Pool): boolean {
    return pool.picks - this.#lastPick > this.#soonest && this.#isLate(pool);
  }

  #isLate({ picks, size, time, perMean }: Pool): boolean {
    const unpicked = picks - this.#lastPick;
    const fewest = Math.max(PROBE_PICKS, PROBE_SHARE * size) * this.price;
    if (unpicked > fewest || time - this.#pickedAt > PROBE_MS) return true;
    if (this.failureRate > 0) {
      // Sooner the milder the dislike, and eight times sooner after each success.
      const dislike = Math.min(1, (this.penalty - 1) / 8);
      return unpicked > (fewest * dislike) / 8 ** Math.max(0, this.run);
    }
    // One that was merely slow, by chance it may be, is tried the sooner the less slow it was: by what such calls take now or
    // by what they took then, whichever is the less, because where all were cold, none was slow.
    const root = this.last * perMean;
    const last = Math.min(root * root, this.price);
    if (this.answers < FEW_ANSWERS) return unpicked > FEW_SHARES * this.#share * last * last;
    const usual = this.expected * perMean;
    const above = Math.max(usual * usual, last) - 1;
    const known = Math.min(1, this.answers / SURE_ANSWERS);
    return unpicked > known * SLOW_SHARE * this.#share * above * above * above * Math.min(above, STEEP);
  }
}
