/** A call that goes on for one to two of these after its first message is taken for a stream, in milliseconds. */
const TURN_MS = 10;

/** A call that has had its first message. */
export interface AnsweredCall {
  /** It is not over soon after its first message, so it is a stream. */
  goesOn(): void;
}

/**
 * Tells streams from unary calls, which nobody else does at the pick: after its first message a unary call ends at once, and a stream
 * goes on. One timer serves all calls; what a stream is told late, it is told with the time it took.
 */
export class FirstAnswers {
  /** Since the last turn, and those that were there before it: after a stall of the process, timers come before what ends a call. */
  #fresh = new Set<AnsweredCall>();
  #waiting = new Set<AnsweredCall>();
  #timer: NodeJS.Timeout | undefined;

  /** The first message of a call is here. It is told if it goes on. */
  came(call: AnsweredCall): void {
    this.#fresh.add(call);
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref();
  }

  /** A call has ended, whether its first message came or not. */
  ended(call: AnsweredCall): void {
    if (!this.#fresh.delete(call)) this.#waiting.delete(call);
  }

  #turn(): void {
    for (const call of this.#waiting) call.goesOn();
    this.#waiting.clear();
    [this.#waiting, this.#fresh] = [this.#fresh, this.#waiting];
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => this.#turn(), TURN_MS).unref() : undefined;
  }
}
