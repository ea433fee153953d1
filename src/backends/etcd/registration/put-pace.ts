import { Backoff } from "../../../async/backoff.js";

/** Putting the key again more often than this, in milliseconds, waits longer each time: somebody may delete it in a loop. */
const OFTEN_MS = 1_000;

/** When the key may be put again. */
export class PutPace {
  readonly #backoff = new Backoff();
  #last = Number.NEGATIVE_INFINITY;

  /** Resolves when it is time, or as soon as the signal aborts. Holds no process: a registration that should does so by itself. */
  async turn(signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#last < OFTEN_MS) await this.#backoff.wait(signal);
    else this.#backoff.reset();
    this.#last = performance.now();
  }
}
