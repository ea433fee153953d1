/** Milliseconds: shorter and longer durations count as these. */
const [SHORTEST, LONGEST] = [0.01, 86_400_000];

/**
 * Durations of any number of calls in fixed memory: how many there are, their mean and their quantiles. They are counted in classes
 * that grow by a constant factor, as those of DDSketch do (Masson, Rim and Lee, 2019).
 */
export class Durations {
  readonly #step: number;
  readonly #counts: Uint32Array;
  #count = 0;
  #sum = 0;

  /** @param growth from one class to the next; a quantile is wrong by half of it at most. 1.02 take 5 kB, 1.25 half a kB. */
  constructor(growth = 1.02) {
    this.#step = Math.log(growth);
    this.#counts = new Uint32Array(Math.ceil(Math.log(LONGEST / SHORTEST) / this.#step) + 1);
  }

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
    this.#counts[Math.round(Math.log(known / SHORTEST) / this.#step)]! += 1;
    this.#count += 1;
    this.#sum += ms > 0 ? Math.min(ms, LONGEST) : 0;
  }

  /** Counts what another has counted as well, in classes of the same growth. */
  include(other: Durations): void {
    for (let index = 0; index < this.#counts.length; index++) this.#counts[index]! += other.#counts[index]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
  }

  /** The duration that this part of the calls, from 0 to 1, did not exceed, in milliseconds; 0 when there are none. */
  quantile(part: number): number {
    const wanted = Math.max(1, Math.ceil(part * this.#count));
    let seen = 0;
    for (let index = 0; index < this.#counts.length && this.#count > 0; index++) {
      seen += this.#counts[index]!;
      if (seen >= wanted) return SHORTEST * Math.exp(index * this.#step);
    }
    return 0;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
  }
}
