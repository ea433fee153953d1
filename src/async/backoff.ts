/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Ceiling of the first wait, in milliseconds. Default 100. */
  initialMs?: number;
  /** Ceiling of every wait, in milliseconds. Default 5,000. */
  maxMs?: number;
  /** [0, 1). Default Math.random. */
  random?: () => number;
}

/**
 * Capped exponential backoff with jitter: each wait is drawn between half its ceiling and its ceiling, and the ceiling
 * doubles ("equal jitter" of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, chosen because
 * "full jitter" may not wait at all).
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor({ initialMs = 100, maxMs = 5_000, random = Math.random }: BackoffOptions = {}) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
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
    return ceiling / 2 + (this.#random() * ceiling) / 2;
  }

  /** To be called after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}

/** Resolves after `ms` milliseconds or as soon as the signal aborts; never rejects. Keeps Node alive while waiting. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
