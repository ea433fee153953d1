/** What a process could do lately. */
export interface LoadSample {
  /** Share of the time in which it was busy, 0 to 1: of its event loop or of its CPUs, whichever is more. */
  readonly utilisation: number;
  /** How late its event loop came to what was due, in milliseconds. */
  readonly delayMs: number;
  /** How long the sample took, in milliseconds. */
  readonly tookMs: number;
}

/** Utilisation is smoothed over this time, in milliseconds: a second or two of hard work after a rest are no overload. */
const SMOOTHING_MS = 1_000;
/** A block of the event loop counts as so much time, however long it was, unless the time before was busy as well. */
const LONE_BLOCK_MS = 250;
/** One sample's delay counts as at most so much, in milliseconds. */
const LONGEST_DELAY_MS = 500;
/**
 * On a machine that gives a process too little time, utilisation counts the wait for a CPU as rest: with so long a delay, in
 * milliseconds, this share of the threshold is busy as well.
 */
const STARVED_DELAY_MS = 100;
const STARVED = 3 / 4;

/** Whether a process has been busy for a while, by samples of its load. */
export class Busyness {
  readonly #threshold: number;
  #utilisation = 0;
  #delayMs = 0;
  #now = false;

  /** @param threshold utilisation from which it is busy, above 0 to 1. */
  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  /** Smoothed, 0 to 1. */
  get utilisation(): number {
    return this.#utilisation;
  }

  /** Smoothed, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Whether the last sample reached the threshold by itself. */
  get now(): boolean {
    return this.#now;
  }

  get lasting(): boolean {
    if (this.#utilisation >= this.#threshold) return true;
    return this.#delayMs >= STARVED_DELAY_MS && this.#utilisation >= this.#threshold * STARVED;
  }

  sample({ utilisation, delayMs, tookMs }: LoadSample): void {
    const countedMs = this.#now ? tookMs : Math.min(tookMs, LONE_BLOCK_MS);
    this.#now = utilisation >= this.#threshold;
    const part = 1 - Math.exp(-countedMs / SMOOTHING_MS);
    this.#utilisation += (Math.min(1, utilisation) - this.#utilisation) * part;
    this.#delayMs += (Math.min(delayMs, LONGEST_DELAY_MS) - this.#delayMs) * part;
  }
}
