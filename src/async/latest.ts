import { onAbort } from "./on-abort.js";

/**
 * A value that changes, read as an async iteration: a reader that is slower than the changes sees the newest value only.
 * One reader. This is how discovery coalesces bursts of updates.
 */
export class Latest<T> implements AsyncIterable<T> {
  readonly #release: (() => void) | undefined;
  #value: { readonly held: T } | undefined;
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  /** Ends the iteration when the signal aborts. */
  constructor(signal?: AbortSignal) {
    this.#release = onAbort(signal, () => this.end());
  }

  /** Offers a new value; replaces one that has not been read yet. */
  set(value: T): void {
    this.#value = { held: value };
    this.#wake?.();
  }

  /** Ends the iteration; an unread value is dropped. The signal is let go of, which may live much longer. */
  end(): void {
    this.#ended = true;
    this.#release?.(); // undefined while the constructor finds the signal aborted
    this.#wake?.();
  }

  /** Ends the iteration by throwing to the reader. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    try {
      for (;;) {
        if (this.#ended) return;
        if (this.#failure) throw this.#failure.error;
        if (this.#value) {
          const { held } = this.#value;
          this.#value = undefined;
          yield held;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      this.end(); // also when the reader leaves by `break`
    }
  }
}
