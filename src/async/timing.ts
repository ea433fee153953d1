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

/** setTimeout takes 32 bits; more would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemTiming: Timing = {
  now: () => performance.now(),
  after(ms, run) {
    return detached(() => {
      if (ms <= 0) {
        const immediate = setImmediate(run).unref();
        return () => clearImmediate(immediate);
      }
      const timer = setTimeout(run, Math.min(ms, LONGEST_MS)).unref();
      return () => clearTimeout(timer);
    });
  },
  random: Math.random,
};
