/** Where copies help, they win about so often; where the time belongs to the request, no oftener than that. */
const [HELPING, USELESS] = [0.45, 0.12];
const WON = Math.log(USELESS / HELPING);
const LOST = Math.log((1 - USELESS) / (1 - HELPING));
/** Evidence beyond which copies are held to be useless: 10 of them lost, or about 20 of which a tenth won. */
const USELESS_AT = 4.5;
/** So many calls lie before the first trial while copies are held to be useless; twice as many after each that is lost. */
const FIRST_TRIAL = 200;
const RAREST_TRIAL = 1_600;

/**
 * Whether second copies win: a sequential test of "helping" against "useless" (Wald 1945) whose sum is held between 0 and
 * its limit, so that what was long ago does not delay the next change of mind (Page's CUSUM, 1954).
 */
export class WorthWatch {
  /** Half the way to useless: a method has to show that copies help. */
  #evidence = USELESS_AT / 2;
  #useless = false;
  #pause = FIRST_TRIAL;
  #callsToTrial = 0;

  /** Whether copies are held to be useless. */
  get useless(): boolean {
    return this.#useless;
  }

  /** Whether one is to find out if that is still so. */
  get trialDue(): boolean {
    return this.#useless && this.#callsToTrial <= 0;
  }

  called(): void {
    if (this.#useless) this.#callsToTrial -= 1;
  }

  /** The trial is made. */
  tried(random: () => number): void {
    this.#wait(random);
  }

  learn(won: boolean, random: () => number): void {
    this.#evidence = Math.min(USELESS_AT, Math.max(0, this.#evidence + (won ? WON : LOST)));
    if (won) {
      // One trial that wins is reason enough to go on, with little patience left.
      this.#useless = false;
      this.#pause = FIRST_TRIAL;
    }
    if (this.#evidence < USELESS_AT || this.#useless) return;
    this.#useless = true;
    this.#wait(random);
  }

  /** Until the next trial; so many calls that clients which stopped together do not try together. */
  #wait(random: () => number): void {
    this.#callsToTrial = this.#pause * (0.75 + random() / 2);
    this.#pause = Math.min(2 * this.#pause, RAREST_TRIAL);
  }
}
