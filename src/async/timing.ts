import { timerMs } from "./backoff.js";
import { detached } from "./detached.js";

/** The clock, the timers and the dice of work that waits. Tests and simulations hand in their own. */
export interface Timing {
  /** Milliseconds that never go back. */
  now(): number;
  /**
   * Runs something once after some milliseconds, by now() no sooner, 0 for after the input that the event loop reads next, unless the returned
   * function is called before. Does not keep the process alive.
   */
  after(ms: number, run: () => void): () => void;
  /** [0, 1). */
  random(): number;
}

export const systemTiming: Timing = {
  now: () => performance.now(),
  after: (ms, run) => detached(() => start(ms, run, false)),
  random: Math.random,
};

/** For whoever awaits what the timer ends: it keeps the process alive meanwhile, and runs in the caller's context. */
export const awaitedTiming: Pick<Timing, "now" | "after"> = {
  now: systemTiming.now,
  after: (ms, run) => start(ms, run, true),
};

function start(ms: number, run: () => void, holds: boolean): () => void {
  if (!(ms > 0)) {
    // Not unref'd: Node would wait for some other event before it comes. It holds the process for this one turn.
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  }
  // Node counts whole milliseconds from the last whole one: without one more, a timer comes up to a millisecond too early.
  const timer = setTimeout(run, timerMs(Math.ceil(ms) + 1));
  if (!holds) timer.unref();
  return () => clearTimeout(timer);
}
