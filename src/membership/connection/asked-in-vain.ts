/** So many connections in a row that end unanswered once they are asked: it is the question that ends them. */
const ENDED_IN_A_ROW = 3;

/**
 * Some servers, and proxies before them, end the whole connection over a request they do not know. To ask such an instance for
 * its health each time it is connected would keep it from ever being called, so after a few times one connection is left unasked.
 */
export class AskedInVain {
  #ended = 0;
  #unanswered = false;

  /** A connection stands. Returns whether it may be asked. */
  connected(): boolean {
    this.#unanswered = this.#ended < ENDED_IN_A_ROW;
    return this.#unanswered;
  }

  answered(): void {
    this.#unanswered = false;
    this.#ended = 0;
  }

  /** The connection has ended. One that was left unasked says nothing: the next is asked again. */
  lost(): void {
    if (this.#unanswered) this.#ended += 1;
    else if (this.#ended >= ENDED_IN_A_ROW) this.#ended -= 1;
    this.#unanswered = false;
  }
}
