import { onAbort } from "./on-abort.js";

/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Ceiling of the first wait, in milliseconds. Default 100. */
  initialMs?: number;
  /** Ceiling of every wait, in milliseconds. Default 5,000. */
  maxMs?: number;
  /**
   * Where a wait is drawn from: "equal", half its ceiling to its ceiling; "full", zero to its ceiling, which spreads a crowd
   * best and may not wait at all. Default "equal".
   */
  jitter?: "equal" | "full";
  /** [0, 1). Default Math.random. */
  random?: () => number;
}

/**
 * Capped exponential backoff with jitter: the ceiling of the wait doubles with each attempt
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #least: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor({ initialMs = 100, maxMs = 5_000, jitter = "equal", random = Math.random }: BackoffOptions = {}) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#least = jitter === "full" ? 0 : 0.5;
    this.#random = random;
  }

  /** Attempts since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const ceiling = Math.min(this.#maxMs, this.#initialMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return ceiling * (this.#least + this.#random() * (1 - this.#least));
  }

  /** Sleeps for the next wait, or until the signal aborts. Background work: it does not keep Node alive. */
  wait(signal?: AbortSignal): Promise<void> {
    return sleep(this.next(), signal, { unref: true });
  }

  /** To be called after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** Node fires a timer at once that is longer than this (24.8 days), in milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A delay that Node's timers take, whatever the number: none for what is no number or negative, the longest for what is longer. */
export function timerMs(ms: number): number {
  return ms > 0 ? Math.min(ms, LONGEST_TIMER_MS) : 0;
}

/**
 * Resolves after `ms` milliseconds (clamped to what timers take: 0 to 24.8 days) or as soon as the signal aborts; never
 * rejects. Keeps Node alive while waiting unless `unref` is set.
 */
export function sleep(ms: number, signal?: AbortSignal, { unref = false } = {}): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      release();
      resolve();
    }, timerMs(ms));
    if (unref) timer.unref();
    const release = onAbort(signal, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
