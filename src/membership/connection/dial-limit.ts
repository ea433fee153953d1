import type { Timing } from "../../async/timing.js";

/** Connections that are dialled at a time, beyond which further ones wait their turn. */
export interface DialLimits {
  /** Of those that have not failed yet. Each takes its place for at most SLOW_DIAL_MS, so that dead hosts hold up nobody. */
  readonly first: number;
  /** Of those whose last attempt failed. Each keeps its place until the attempt is over: hosts that do not answer hold sockets. */
  readonly again: number;
}

export const DIAL_LIMITS: DialLimits = { first: 64, again: 32 };

/** A dial that takes longer than this no longer keeps others from theirs. */
export const SLOW_DIAL_MS = 1_000;

/** Bounds how many connections are dialled at once: a process has only so many file descriptors, and a network its limits. */
export class DialLimit {
  readonly #timing: Timing;
  readonly #first: Queue;
  readonly #again: Queue;

  constructor(timing: Timing, { first, again }: DialLimits = DIAL_LIMITS) {
    this.#timing = timing;
    this.#first = new Queue(first);
    this.#again = new Queue(again);
  }

  /**
   * Dials when there is a place.
   * @returns to be called when the attempt is over, or is not wanted any more.
   */
  dial(run: () => void, hasFailed: boolean): () => void {
    if (hasFailed) return this.#again.enter(run);
    let stopTimer: (() => void) | undefined;
    const leave = this.#first.enter(() => {
      stopTimer = this.#timing.after(SLOW_DIAL_MS, () => leave());
      run();
    });
    return () => {
      stopTimer?.();
      leave();
    };
  }
}

/** First come, first served. */
class Queue {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /** @returns leaves the queue, or the place. */
  enter(run: () => void): () => void {
    let state: "waiting" | "in" | "left" = "waiting";
    const start = () => {
      state = "in";
      this.#waiting.delete(start);
      this.#free -= 1;
      run();
    };
    if (this.#free > 0) start();
    else this.#waiting.add(start);
    return () => {
      if (state === "left") return;
      if (state === "in") this.#free += 1;
      state = "left";
      this.#waiting.delete(start);
      const [next] = this.#waiting;
      if (this.#free > 0) next?.();
    };
  }
}
