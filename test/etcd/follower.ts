import type { Instance } from "../../src/instance.js";
import type { Discovery } from "../../src/registry.js";

/** A bound on what never comes, and no measure of anything, in milliseconds. */
const LIMIT_MS = 120_000;

/** Watches a service and lets a test wait for a set it expects. `await using` ends it. */
export class Follower implements AsyncDisposable {
  /** The set last yielded. */
  set: readonly Instance[] | undefined;
  /** How many sets were yielded. */
  yields = 0;
  /** All that onTrouble was told, in order. */
  readonly troubles: (Error | undefined)[] = [];
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #failure: unknown;

  constructor(discovery: Discovery, service: string) {
    this.#done = this.#follow(discovery, service);
  }

  get addresses(): string[] {
    return (this.set ?? []).map(({ address }) => address).sort();
  }

  /** Resolves with the first set, from the one held now on, that the condition accepts. */
  async until(accepts: (set: readonly Instance[]) => boolean): Promise<readonly Instance[]> {
    await this.#wait(() => this.set !== undefined && accepts(this.set));
    return this.set!;
  }

  /** Resolves when the sorted addresses are these. */
  async untilAddresses(...addresses: string[]): Promise<void> {
    const wanted = addresses.sort().join();
    await this.until(() => this.addresses.join() === wanted);
  }

  async untilTrouble(accepts: (trouble: Error | undefined) => boolean): Promise<Error | undefined> {
    await this.#wait(() => this.troubles.length > 0 && accepts(this.troubles.at(-1)));
    return this.troubles.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #follow(discovery: Discovery, service: string): Promise<void> {
    const { signal } = this.#abort;
    const onTrouble = (trouble: Error | undefined) => {
      this.troubles.push(trouble);
      this.#changed();
    };
    try {
      for await (const set of discovery.watch(service, { signal, onTrouble })) {
        this.set = set;
        this.yields += 1;
        this.#changed();
      }
    } catch (error) {
      this.#failure = error;
      this.#changed();
    }
  }

  async #wait(isSo: () => boolean): Promise<void> {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      this.#changed();
    }, LIMIT_MS);
    try {
      while (!isSo()) {
        if (this.#failure) throw this.#failure;
        if (late) throw new Error(`awaited in vain; there is ${this.addresses.join(", ") || "nobody"}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      clearTimeout(limit);
    }
  }

  #changed(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
