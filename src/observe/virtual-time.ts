/** What is due when: a binary heap would be quicker, a sorted list of the few in flight is simple. */
export class Events {
  readonly #due: { at: number; run: () => void }[] = [];

  add(at: number, run: () => void): void {
    let i = this.#due.length;
    while (i > 0 && this.#due[i - 1]!.at < at) i -= 1;
    this.#due.splice(i, 0, { at, run });
  }

  /** The next one is the last of the list. */
  runUntil(end: number, tick: (at: number) => void): void {
    for (let next = this.#due.at(-1); next && next.at <= end; next = this.#due.at(-1)) {
      this.#due.pop();
      tick(next.at);
      next.run();
    }
  }
}

/** mulberry32: the same seed, the same play. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
