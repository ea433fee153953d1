import { timerMs } from "../../async/backoff.js";

/**
 * Calls back once when a counter has stood still for `ms` milliseconds (up to twice as long). A stall of this process is no
 * silence of the other side's: what arrived meanwhile is read before the counter is looked at. Does not keep Node alive.
 * @returns a function that stops it.
 */
export function onSilence(ms: number, counter: () => number, call: () => void): () => void {
  let known = counter();
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // Timers come before input in a turn of the event loop, immediates after it.
    immediate = setImmediate(() => {
      const now = counter();
      if (now === known) return call();
      known = now;
      timer.refresh();
    });
  }, timerMs(ms)).unref();
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}
