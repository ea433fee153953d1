import { Latest } from "../async/latest.js";
import type { Instance } from "../instance.js";

type InstanceSet = readonly Instance[];

/** Where a set is from: what was known last, or the registry's answer. */
type Source = "last known" | "registry";

/** A registry's sets, and before them, if it is slow to answer, the one that was known last. */
export class Succession {
  readonly #sets: Latest<InstanceSet>;
  readonly #first: InstanceSet | undefined;
  #offered = false;
  #answered = false;

  constructor(first: InstanceSet | undefined, signal: AbortSignal) {
    this.#first = first;
    this.#sets = new Latest(signal);
  }

  /** Whether the registry has answered by now. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Gives the last known set, unless the registry has answered or there is none. */
  useFirst(): void {
    if (this.#first && !this.#offered && !this.#answered) this.#sets.set(this.#first);
    this.#offered = true;
  }

  /** Where a set that was read from follow() is from. */
  sourceOf(set: InstanceSet): Source {
    return set === this.#first ? "last known" : "registry";
  }

  /** The last known set if it is used, then the registry's own. */
  follow(registry: AsyncIterable<InstanceSet>): AsyncIterable<InstanceSet> {
    void this.#read(registry);
    return this.#sets;
  }

  async #read(registry: AsyncIterable<InstanceSet>): Promise<void> {
    try {
      for await (const set of registry) {
        this.#answered = true;
        this.#sets.set(set);
      }
      this.#sets.end();
    } catch (error) {
      this.#sets.fail(error);
    }
  }
}
