/** Lets a number of tasks run at a time; the others wait in their order. */
export class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Runs the task when it is its turn. Its failure is the caller's, and frees its place. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // A place is handed on, not freed, so that nobody can jump the queue.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
