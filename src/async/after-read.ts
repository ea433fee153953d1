import { systemTiming, type Timing } from "./timing.js";

/** A timer that comes so much too late, in milliseconds, tells of a stall: of work in one go, or of a process that was frozen. */
const STALL_MS = 20;

/** What is given after a stall at most, in milliseconds: enough for the few round trips of a dial with TLS, or of a probe. */
const GRACE_MS = 250;

/**
 * Runs something once after some milliseconds, as Timing.after does, but not before what has arrived is read: for every limit after
 * which it is said that somebody has not answered.
 *
 * In a turn of Node's event loop timers come before input. After a stall of this process a limit seems to be over while the answer
 * lies there unread; so the rest of this turn, input and then immediates, is waited for. And what takes several round trips (a dial, or
 * a request that the stall kept from being written) could not go on during the stall, however quick the other side is: where
 * the timer itself came late, there is one grace time, no longer than the limit.
 * @returns a function that stops it.
 */
export function afterRead(
  ms: number,
  run: () => void,
  timing: Pick<Timing, "now" | "after"> = systemTiming,
): () => void {
  const dueAt = timing.now() + ms;
  const read = () => {
    stop = timing.after(0, run);
  };
  let stop = timing.after(ms, () => {
    const hasStalled = timing.now() - dueAt > STALL_MS;
    if (hasStalled) stop = timing.after(Math.min(ms, GRACE_MS), read);
    else read();
  });
  return () => stop();
}
