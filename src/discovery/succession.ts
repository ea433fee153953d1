import { Latest } from "../async/latest.js";
import type { Instance } from "../instance.js";

type InstanceSet = readonly Instance[];

/** A registry's sets, and before them, if it is slow to answer, the one that was known last. */
export class Succession {
  readonly #sets: Latest<InstanceSet>;
  #first: InstanceSet | undefined;
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
    const first = this.#first;
    this.#first = undefined;
    if (first && !this.#answered) this.#sets.set(first);
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
