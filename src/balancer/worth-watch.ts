/** Where copies help, they win about so often; where the time belongs to the request, no oftener than that. */
const [HELPING, USELESS] = [0.4, 0.1];
const WON = Math.log(USELESS / HELPING);
const LOST = Math.log((1 - USELESS) / (1 - HELPING));
/** Evidence beyond which copies are held to be useless: about 15 of them lost, or 27 of which a tenth won. */
const USELESS_AT = 6;
/** So many calls lie between two trials while copies are held to be useless, half as many to half as many again. */
const TRIAL_CALLS = 500;

/**
 * Whether second copies win: a sequential test of "helping" against "useless" (Wald 1945) whose sum is held between 0 and
 * its limit, so that what was long ago does not delay the next change of mind (Page's CUSUM, 1954).
 */
export class WorthWatch {
  #evidence = 0;
  #useless = false;
  #callsToTrial = 0;

  /** Whether a copy may be sent: always while they help, seldom while they do not. */
  get mayTry(): boolean {
    return !this.#useless || this.#callsToTrial <= 0;
  }

  called(): void {
    if (this.#useless) this.#callsToTrial -= 1;
  }

  /** A copy is sent. */
  spent(random: () => number): void {
    if (this.#useless) this.#callsToTrial = TRIAL_CALLS * (0.5 + random());
  }

  learn(won: boolean): void {
    this.#evidence = Math.min(USELESS_AT, Math.max(0, this.#evidence + (won ? WON : LOST)));
    if (this.#evidence >= USELESS_AT) this.#useless = true;
    else if (this.#evidence < USELESS_AT / 2) this.#useless = false;
  }
}
