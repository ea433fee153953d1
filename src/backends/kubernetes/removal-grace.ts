import type { Instance } from "../../instance.js";

/**
 * Holds on to instances that have only just vanished. An endpoint that moves from one slice to another may be in
 * neither for the moment between the two updates; letting it go then would close its connection and forget its history.
 * An endpoint that stops for good is listed as terminating first, which takes effect at once.
 */
export class RemovalGrace {
  readonly #ms: number;
  readonly #onGone: () => void;
  readonly #vanished = new Map<string, { readonly instance: Instance; readonly timer: NodeJS.Timeout }>();

  /** @param onGone called when one has stayed away for `ms` milliseconds. */
  constructor(ms: number, onGone: () => void) {
    this.#ms = ms;
    this.#onGone = onGone;
  }

  get instances(): Instance[] {
    return [...this.#vanished.values()].map(({ instance }) => instance);
  }

  /** To be told of each update: the instances in use until now, and every address that is listed now. */
  update(inUse: readonly Instance[], listed: ReadonlySet<string>): void {
    for (const [address, { timer }] of this.#vanished) {
      if (!listed.has(address)) continue;
      clearTimeout(timer);
      this.#vanished.delete(address);
    }
    for (const instance of inUse) {
      if (!listed.has(instance.address) && !this.#vanished.has(instance.address)) this.#hold(instance);
    }
  }

  close(): void {
    for (const { timer } of this.#vanished.values()) clearTimeout(timer);
    this.#vanished.clear();
  }

  #hold(instance: Instance): void {
    const timer = setTimeout(() => {
      this.#vanished.delete(instance.address);
      this.#onGone();
    }, this.#ms).unref();
    this.#vanished.set(instance.address, { instance, timer });
  }
}
