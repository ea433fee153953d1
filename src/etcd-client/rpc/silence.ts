import { afterRead } from "../../async/after-read.js";

/**
 * Calls back once when a counter has stood still for `ms` milliseconds (up to twice as long). A stall of this process is no
 * silence of the other side's. Does not keep Node alive.
 * @returns a function that stops it.
 */
export function onSilence(ms: number, counter: () => number, call: () => void): () => void {
  let known = counter();
  const look = () => {
    const now = counter();
    if (now === known) return call();
    known = now;
    stop = afterRead(ms, look);
  };
  let stop = afterRead(ms, look);
  return () => stop();
}
