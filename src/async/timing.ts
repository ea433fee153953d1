import { timerMs } from "./backoff.js";
import { detached } from "./detached.js";

/** The clock, the timers and the dice of work that waits. Tests and simulations hand in their own. */
export interface Timing {
  /** Milliseconds that never go back. */
  now(): number;
  /**
   * Runs something once after some milliseconds, 0 for the next turn of the event loop, unless the returned function is
   * called before. Does not keep the process alive.
   */
  after(ms: number, run: () => void): () => void;
  /** [0, 1). */
  random(): number;
}

export const systemTiming: Timing = {
  now: () => performance.now(),
  after(ms, run) {
    return detached(() => {
      if (!(ms > 0)) {
        // Not unref'd: Node would wait for some other event before it comes. It holds the process for this one turn.
        const immediate = setImmediate(run);
        return () => clearImmediate(immediate);
      }
      const timer = setTimeout(run, timerMs(ms)).unref();
      return () => clearTimeout(timer);
    });
  },
  random: Math.random,
};
