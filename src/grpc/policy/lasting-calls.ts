/** A call that may go on. */
export interface LastingCall {
  /** It has gone on for so long: it streams. */
  goesOn(): void;
}

/**
 * Tells which calls go on for one to two turns from where they are put in, and leaves alone those that end before. One timer serves
 * all calls; what a call is told late, it is told with the time it took.
 */
export class LastingCalls {
  readonly #turnMs: number;
  /** Since the last turn, and those that were there before it: after a stall of the process, timers come before what ends a call. */
  #fresh = new Set<LastingCall>();
  #waiting = new Set<LastingCall>();
  #timer: NodeJS.Timeout | undefined;

  constructor(turnMs: number) {
    this.#turnMs = turnMs;
  }

  add(call: LastingCall): void {
    this.#fresh.add(call);
    this.#timer ??= setTimeout(() => this.#turn(), this.#turnMs).unref();
  }

  /** It has ended, or has what it waited for; whether it was put in or not. */
  remove(call: LastingCall): void {
    if (!this.#fresh.delete(call)) this.#waiting.delete(call);
  }

  #turn(): void {
    for (const call of this.#waiting) call.goesOn();
    this.#waiting.clear();
    [this.#waiting, this.#fresh] = [this.#fresh, this.#waiting];
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => this.#turn(), this.#turnMs).unref() : undefined;
  }
}
