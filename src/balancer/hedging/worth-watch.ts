/** Where copies help, they win about so often; where the time belongs to the request, no oftener than that. */
const [HELPING, USELESS] = [0.5, 0.12];
const WON = Math.log(USELESS / HELPING);
/** What a lost copy proves of a call that neither copy answered. */
const LOST = Math.log((1 - USELESS) / (1 - HELPING));
/** The least and the most that another lost copy proves: one that was sent too late to win did not help either. */
const [LEAST_LOST, MOST_LOST] = [0.3, 1.5];
/** Evidence from which on copies are held to be useless: 5 to 24 of them that lost in turn. */
const USELESS_AT = 7;
/** And down to which they are held to help again: two trials in turn that won, with room for rounding. */
const HELPFUL_AT = USELESS_AT + 1.9 * WON;
/**
 * So many calls lie before the first trial while copies are held to be useless; twice as many after each that is lost, half
 * after one that wins, which is soon followed by another.
 */
const FIRST_TRIAL = 300;
const SECOND_TRIAL = 20;
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

  /**
   * A copy has won, or lost.
   * @param chance that a call would have been answered in the time that the copy had, 0 to 1; undefined where neither copy was answered.
   */
  learn(won: boolean, chance: number | undefined, random: () => number): void {
    // To lose in no time proves little; to lose in a time in which nearly all calls are answered proves much.
    const lost = chance === undefined ? LOST : Math.min(MOST_LOST, Math.max(LEAST_LOST, -Math.log(1 - chance)));
    this.#evidence = Math.min(USELESS_AT, Math.max(0, this.#evidence + (won ? WON : lost)));
    if (this.#useless) {
      if (won) this.#trialWon();
    } else if (this.#evidence >= USELESS_AT) {
      this.#useless = true;
      this.#wait(random);
    }
  }

  /** One that wins may be the luck of a moment, in which an instance was slow: the next one, soon, decides. */
  #trialWon(): void {
    this.#pause = Math.max(FIRST_TRIAL, this.#pause / 2);
    if (this.#evidence <= HELPFUL_AT) this.#useless = false;
    else this.#callsToTrial = SECOND_TRIAL;
  }

  /** Until the next trial; so many calls that clients which stopped together do not try together. */
  #wait(random: () => number): void {
    this.#callsToTrial = this.#pause * (0.75 + random() / 2);
    this.#pause = Math.min(2 * this.#pause, RAREST_TRIAL);
  }
}
