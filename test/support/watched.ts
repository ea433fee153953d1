import type { Instance } from "../../src/instance.js";
import type { Discovery } from "../../src/registry.js";

/** A bound on tests that hang, and no measure of anything. */
const HANG_MS = 120_000;

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

  /** Resolves when the condition holds; it is tried after every set and every trouble. @throws Error when that never comes. */
  async until(condition: () => boolean): Promise<void> {
    let over = false;
    // It keeps the process alive as well, which a discovery's own waits do not.
    const limit = setTimeout(() => {
      over = true;
      this.#wake();
    }, HANG_MS);
    try {
      while (!condition()) {
        if (over)
          throw new Error(`not in ${HANG_MS} ms: ${JSON.stringify({ sets: this.sets, troubles: this.troubles })}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(limit);
    }
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
