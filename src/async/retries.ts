import { Backoff } from "./backoff.js";
import { onAbort } from "./on-abort.js";
import { systemTiming, type Timing } from "./timing.js";

/** How soon what has failed is tried again, in milliseconds. */
const PACE = { initialMs: 1_000, maxMs: 30_000 };

/** The longest wait after a failure where somebody asks for the next attempt, in milliseconds. */
const ASKED_MS = 5_000;

/** The wait that is going on. */
interface Wait {
  readonly since: number;
  readonly end: () => void;
  dueAt: number;
  stopTimer: () => void;
}

/**
 * The attempts at one thing that is needed for as long as a signal lasts. What fails is tried again by itself, with growing waits; whoever
 * needs it now shortens a long one, and never below what keeps attempts apart.
 */
export class Retries {
  readonly #timing: Timing;
  readonly #backoff: Backoff;
  #wait: Wait | undefined;

  constructor(timing: Timing = systemTiming) {
    this.#timing = timing;
    this.#backoff = new Backoff({ ...PACE, random: () => timing.random() });
  }

  /**
   * Makes attempts until one succeeds or the signal aborts. One that has lasted longer than any wait begins the waits anew when it fails.
   * @param attempt given a signal of its own, which aborts when the attempt is over.
   * @param failed told of each failure, and whether it is the first in a row. Must not throw.
   */
  async run(
    signal: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<void>,
    failed: (error: Error, first: boolean) => void,
  ): Promise<void> {
    while (!signal.aborted) {
      const begun = this.#timing.now();
      try {
        return await alone(signal, attempt);
      } catch (error) {
        if (signal.aborted) return;
        if (this.#timing.now() - begun > PACE.maxMs) this.#backoff.reset();
        failed(error as Error, this.#backoff.attempts === 0);
        await this.#pause(signal);
      }
    }
  }

  /** Somebody needs the next attempt. Cheap to call often. */
  hurry(): void {
    const wait = this.#wait;
    if (!wait || wait.dueAt <= wait.since + ASKED_MS) return;
    wait.dueAt = wait.since + ASKED_MS;
    wait.stopTimer();
    wait.stopTimer = this.#timing.after(wait.dueAt - this.#timing.now(), wait.end);
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const ms = this.#backoff.next();
      const since = this.#timing.now();
      const end = () => {
        wait.stopTimer();
        this.#wait = undefined;
        release();
        resolve();
      };
      const wait: Wait = { since, dueAt: since + ms, end, stopTimer: this.#timing.after(ms, end) };
      this.#wait = wait;
      let release = () => {}; // whoever was told of the failure may have ended it all
      release = onAbort(signal, end);
    });
  }
}

/** An attempt with a signal that ends with it, or before, with the whole. */
async function alone(signal: AbortSignal, attempt: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const own = new AbortController();
  const release = onAbort(signal, () => own.abort(signal.reason));
  try {
    await attempt(own.signal);
  } finally {
    release();
    own.abort();
  }
}
