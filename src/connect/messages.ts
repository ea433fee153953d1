/** So many messages of a call are kept for a second attempt; with its end, this is a call of one message. */
const KEPT = 2;

/**
 * The messages that a caller sends, readable by a second attempt as long as few have been read. That an attempt ends does
 * not end the caller's iteration.
 */
export class Messages<T> {
  readonly #source: AsyncIterator<T>;
  readonly #read: Promise<IteratorResult<T>>[] = [];
  #forgotten = false;

  constructor(source: AsyncIterable<T>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether everything that was read can be read again. */
  get replayable(): boolean {
    return !this.#forgotten;
  }

  attempt(): AsyncIterable<T> {
    let at = 0;
    // Connect wants a throw() before it sends; the caller's own is called when the call itself ends.
    const iterator = { next: () => this.#next(at++), throw: (reason: unknown) => Promise.reject(reason) };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  #next(at: number): Promise<IteratorResult<T>> {
    const known = this.#read[at];
    if (known) return known;
    const result = this.#source.next();
    if (this.#read.length < KEPT) this.#read.push(result);
    else this.#forgotten = true;
    return result;
  }
}
