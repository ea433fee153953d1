import { timerMs } from "./backoff.js";

/**
 * Whether a promise is fulfilled within some milliseconds. What it does later is the caller's.
 * @throws what the promise rejects with in that time.
 */
export async function endsWithin(work: PromiseLike<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timerMs(ms));
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
