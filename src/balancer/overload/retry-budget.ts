/** So many second attempts may come at once. */
const MOST_TOKENS = 10;

/** Second attempts in the long run for each call that succeeds, so that they disappear when little succeeds. */
export class RetryBudget {
  readonly #perSuccess: number;
  #tokens = MOST_TOKENS;

  /** @param perSuccess default 0.1, that of `Retry.Budget`. */
  constructor(perSuccess = 0.1) {
    this.#perSuccess = perSuccess;
  }

  succeeded(): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + this.#perSuccess);
  }

  /** Whether one more may be made, which is then paid for. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
