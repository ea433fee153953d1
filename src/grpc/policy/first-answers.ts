/** A call that goes on for one to two of these after its first message is taken for a stream, in milliseconds. */
const TURN_MS = 10;

/** A call that has had its first message. */
export interface FirstAnswer {
  /** The call has ended. @returns whether it is known for a stream by then. */
  ended(): boolean;
}

/**
 * Tells streams from unary calls, which nobody else does at the pick: after its first message a unary call ends at once, and a stream
 * goes on. One timer serves all calls; what a stream is told late, it is told with the time it took.
 */
export class FirstAnswers {
  /** Since the last turn, and those that were there before it: after a stall of the process, timers come before what ends a call. */
  #fresh = new Set<() => void>();
  #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  /** The first message of a call is here. @param isStream called if the call goes on. */
  came(isStream: () => void): FirstAnswer {
    let told = false;
    const tell = () => {
      told = true;
      isStream();
    };
    this.#fresh.add(tell);
    this.#timer ??= setTimeout(() => this.#turn(), TURN_MS).unref();
    return {
      ended: () => {
        if (!this.#fresh.delete(tell)) this.#waiting.delete(tell);
        return told;
      },
    };
  }

  #turn(): void {
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
    [this.#waiting, this.#fresh] = [this.#fresh, this.#waiting];
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => this.#turn(), TURN_MS).unref() : undefined;
  }
}
