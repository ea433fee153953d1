import type { Timing } from "../async/timing.js";

/** A clock that a test moves by hand. Waits are their longest: random() is almost 1 unless told otherwise. */
export class ManualTiming implements Timing {
  #now = 0;
  #random: number;
  readonly #timers = new Set<{ at: number; run: () => void }>();

  constructor(random = 1 - Number.EPSILON) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.#random;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When the next timer is due, in milliseconds from now; undefined when there is none. */
  get nextIn(): number | undefined {
    return this.#timers.size === 0 ? undefined : Math.min(...[...this.#timers].map(({ at }) => at)) - this.#now;
  }

  /** The clock goes on and nothing is run, as in a stall of the process: what falls due meanwhile is run late, by advance(). */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Moves the clock, running what falls due in its order, and lets what was started by it settle. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }
}

/** Lets all promises that can settle by themselves do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
