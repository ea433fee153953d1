import type { Instance } from "../../src/instance.js";
import type { Discovery } from "../../src/registry.js";

/** What a discovery says of one service, gathered for a test to await. */
export class Watched {
  /** Every set, as sorted addresses joined by a space. */
  readonly sets: string[] = [];
  /** Every trouble; undefined where it was over. */
  readonly troubles: (string | undefined)[] = [];
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  #wake = () => {};

  constructor(discovery: Discovery, service: string) {
    const onTrouble = (trouble: Error | undefined) => {
      this.troubles.push(trouble?.message);
      this.#wake();
    };
    this.#done = this.#read(discovery.watch(service, { signal: this.#abort.signal, onTrouble }));
  }

  /** The newest set. */
  get now(): string | undefined {
    return this.sets.at(-1);
  }

  /** Resolves when the condition holds; it is tried after every set and every trouble. */
  async until(condition: () => boolean): Promise<void> {
    // A discovery's own waits do not keep the process alive.
    const alive = setInterval(() => {}, 60_000);
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearInterval(alive);
  }

  /** Resolves when the newest set has exactly these addresses. */
  shows(...addresses: string[]): Promise<void> {
    const wanted = [...addresses].sort().join(" ");
    return this.until(() => this.now === wanted);
  }

  async end(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #read(sets: AsyncIterable<readonly Instance[]>): Promise<void> {
    for await (const set of sets) {
      this.sets.push(
        set
          .map(({ address }) => address)
          .sort()
          .join(" "),
      );
      this.#wake();
    }
  }
}
