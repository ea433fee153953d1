import { afterRead } from "./after-read.js";
import { awaitedTiming } from "./timing.js";

/**
 * Whether a promise is fulfilled within some milliseconds. What it does later is the caller's.
 * @throws what the promise rejects with in that time.
 */
export async function endsWithin(work: PromiseLike<unknown>, ms: number): Promise<boolean> {
  let stopTimer = () => {};
  const late = new Promise<boolean>((resolve) => {
    stopTimer = afterRead(ms, () => resolve(false), awaitedTiming);
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    stopTimer();
  }
}
