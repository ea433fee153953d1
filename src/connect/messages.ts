/** So many messages are kept for a second attempt, until the first one is answered. */
const KEPT = 16;

/**
 * The messages that a caller sends, readable by a second attempt as long as not too many have been read. That an attempt
 * ends does not end the caller's iteration.
 */
export class Messages<T> {
  readonly #source: AsyncIterator<T>;
  #kept: Promise<IteratorResult<T>>[] = [];
  #keeps = true;
  #failed = false;

  constructor(source: AsyncIterable<T>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether everything that was read can be read again. */
  get replayable(): boolean {
    return this.#keeps;
  }

  /** Whether the caller's own iteration has thrown. */
  get failed(): boolean {
    return this.#failed;
  }

  attempt(): AsyncIterable<T> {
    let at = 0;
    // Connect wants a throw() before it sends; the caller's own is called when the call itself ends.
    const iterator = { next: () => this.#next(at++), throw: (reason: unknown) => Promise.reject(reason) };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  /** The call has been answered: there will be no other attempt. The one there is may not yet have read what was kept. */
  forget(): void {
    this.#keeps = false;
  }

  #next(at: number): Promise<IteratorResult<T>> {
    const known = this.#kept[at];
    if (known) return known;
    const result = this.#read();
    if (this.#keeps && this.#kept.length < KEPT) {
      this.#kept.push(result);
    } else {
      this.#keeps = false;
      this.#kept = [];
    }
    return result;
  }

  async #read(): Promise<IteratorResult<T>> {
    try {
      return await this.#source.next();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}
