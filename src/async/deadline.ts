import { afterRead } from "./after-read.js";
import { onAbort } from "./on-abort.js";

/** Aborts with its parent, or with a reason in words when the time given runs out first. Holds no process. */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #release: () => void;
  #stopTimer = () => {};

  constructor(parent: AbortSignal) {
    this.#release = onAbort(parent, () => this.#abort.abort(parent.reason));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Gives so many milliseconds from now, in place of what was left. */
  set(ms: number, reason: string): void {
    this.#stopTimer();
    this.#stopTimer = afterRead(ms, () => this.#abort.abort(new Error(reason)));
  }

  /** Never aborts any more. */
  clear(): void {
    this.#stopTimer();
    this.#release();
  }
}
