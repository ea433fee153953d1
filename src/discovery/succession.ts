import { Latest } from "../async/latest.js";
import type { Instance } from "../instance.js";

type InstanceSet = readonly Instance[];

/** Where a set is from: what was known last, or the registry's answer. */
type Source = "last known" | "registry";

/** A registry's sets, and before them, if it is slow to answer, the one that was known last. */
export class Succession implements AsyncIterable<InstanceSet> {
  readonly #sets: Latest<InstanceSet>;
  readonly #first: InstanceSet | undefined;
  #offered = false;
  #answered = false;

  /** @param signal ends it. */
  constructor(first: InstanceSet | undefined, signal: AbortSignal) {
    this.#first = first;
    this.#sets = new Latest(signal);
  }

  /** Whether the registry has answered by now. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether there is a set in use. */
  get hasBegun(): boolean {
    return this.#answered || (this.#offered && this.#first !== undefined);
  }

  /** Gives the last known set, unless the registry has answered or there is none. */
  useFirst(): void {
    if (this.#first && !this.#offered && !this.#answered) this.#sets.set(this.#first);
    this.#offered = true;
  }

  /** Gives the registry's answer. */
  answer(set: InstanceSet): void {
    this.#answered = true;
    this.#sets.set(set);
  }

  /** Where a set that was read is from. */
  sourceOf(set: InstanceSet): Source {
    return set === this.#first ? "last known" : "registry";
  }

  [Symbol.asyncIterator](): AsyncIterator<InstanceSet> {
    return this.#sets[Symbol.asyncIterator]();
  }
}
