import type { Instance } from "../instance.js";
import type { Discovery } from "../registry.js";
import type { Patience } from "./patience.js";

/** What a discovery says of one service, gathered for a test to await. */
export class Follower {
  readonly sets: (readonly Instance[])[] = [];
  /** Every trouble; undefined where it was over. */
  readonly troubles: (Error | undefined)[] = [];
  /** How the iteration ended: by its end, or by what it threw. */
  ended: { readonly error?: unknown } | undefined;
  readonly #abort = new AbortController();
  readonly #patience: Patience;
  readonly #reading: Promise<void>;
  #ending: Promise<void> | undefined;
  #wake = () => {};

  constructor(discovery: Discovery, service: string, patience: Patience) {
    this.#patience = patience;
    const onTrouble = (trouble: Error | undefined) => {
      this.troubles.push(trouble);
      this.#wake();
    };
    this.#reading = this.#read(discovery.watch(service, { signal: this.#abort.signal, onTrouble }));
  }

  /** The addresses of the newest set, sorted; undefined before the first. */
  get now(): string[] | undefined {
    return this.sets
      .at(-1)
      ?.map(({ address }) => address)
      .sort();
  }

  /** Resolves when the newest set has exactly these addresses. */
  shows(...addresses: string[]): Promise<void> {
    const wanted = [...addresses].sort().join();
    return this.until(() => this.now?.join() === wanted, `shows [${wanted}]`);
  }

  /** Resolves when the condition holds, which is tried at all news. Rejects after the backend's patience, or when it ends. */
  async until(condition: () => boolean, what: string): Promise<void> {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      this.#wake();
    }, this.#patience.ms);
    try {
      while (!condition()) {
        if (late || this.ended) throw new Error(this.#disappointed(what));
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(limit);
    }
  }

  /** Aborts, and resolves when the iteration has ended. */
  end(): Promise<void> {
    this.#abort.abort();
    this.#ending ??= this.#patience.inTime(this.#reading, "for a watch to end whose signal was aborted");
    return this.#ending;
  }

  async #read(sets: AsyncIterable<readonly Instance[]>): Promise<void> {
    try {
      for await (const set of sets) {
        this.sets.push(set);
        this.#wake();
      }
      this.ended = {};
    } catch (error) {
      this.ended = { error };
    }
    this.#wake();
  }

  #disappointed(what: string): string {
    const shown = this.now ? `it shows [${this.now}]` : "it has shown nothing";
    const ended = this.ended ? `; it has ended${this.ended.error ? `: ${this.ended.error}` : ""}` : "";
    const troubles = this.troubles.map((trouble) => trouble?.message ?? "all is well again").join("; ");
    return `waited ${this.#patience.ms} ms until it ${what}, but ${shown}${ended}; troubles: ${troubles || "none"}`;
  }
}
