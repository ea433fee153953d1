/** Neighbouring classes differ by so much; an estimate is wrong by half of it at most. */
const STEP = Math.log(1.02);
/** Milliseconds: shorter and longer durations count as these. */
const [SHORTEST, LONGEST] = [0.01, 86_400_000];
const CLASSES = Math.ceil(Math.log(LONGEST / SHORTEST) / STEP) + 1;

/** Durations of any number of calls in fixed memory, 5 kB: how many there are, their mean and their quantiles within 1 %. */
export class Durations {
  readonly #counts = new Uint32Array(CLASSES);
  #count = 0;
  #sum = 0;

  get count(): number {
    return this.#count;
  }

  /** Milliseconds; 0 when there are none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** @param ms what is no number of 0 and more counts as 0. */
  add(ms: number): void {
    const known = Math.min(Math.max(ms, SHORTEST), LONGEST) || SHORTEST;
    this.#counts[Math.round(Math.log(known / SHORTEST) / STEP)]! += 1;
    this.#count += 1;
    this.#sum += ms > 0 ? Math.min(ms, LONGEST) : 0;
  }

  /** The duration that this part of the calls, from 0 to 1, did not exceed, in milliseconds; 0 when there are none. */
  quantile(part: number): number {
    const wanted = Math.max(1, Math.ceil(part * this.#count));
    let seen = 0;
    for (let index = 0; index < CLASSES && this.#count > 0; index++) {
      seen += this.#counts[index]!;
      if (seen >= wanted) return SHORTEST * Math.exp(index * STEP);
    }
    return 0;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
  }
}
