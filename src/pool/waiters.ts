import { afterRead } from "../async/after-read.js";
import { onAbort } from "../async/on-abort.js";
import { awaitedTiming } from "../async/timing.js";

/** Callers that wait for an instance. Each keeps the process alive, as whoever awaits an answer does. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when something has changed, when the signal aborts, and after so many milliseconds. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        stopTimer();
        release();
        this.#waiting.delete(wake);
        resolve();
      };
      const stopTimer = afterRead(ms, wake, awaitedTiming);
      this.#waiting.add(wake);
      let release = () => {};
      release = onAbort(signal, wake);
    });
  }

  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
