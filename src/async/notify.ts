/**
 * Wakes a loop that looks again at what may have changed; a notification while the loop is busy is kept for its next wait.
 * One waiter. (tokio's `Notify` is the same.)
 */
export class Notify {
  #notified = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#notified = true;
    this.#wake?.();
  }

  /** Resolves when notified since the last time. */
  async notified(): Promise<void> {
    if (!this.#notified) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#notified = false;
  }
}
