import { endsWithin } from "../async/time-limit.js";
import { registrarOf } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import { AddressWatch, type AddressWatchOptions } from "./address-watch.js";
import type { Advertised } from "./advertise.js";
import { KeptRegistration } from "./kept-registration.js";

/** A server's place in its registry: in and out, as often as wanted, under the address that the machine has. */
export class Listing {
  readonly #target: Target;
  readonly #limitMs: number;
  readonly #watching: AddressWatchOptions;
  /** Asked for once, however often the server is paused and resumed. */
  #opened: ReturnType<typeof registrarOf> | undefined;
  #kept: KeptRegistration | undefined;
  #watch: AddressWatch | undefined;
  #instance: Instance | undefined;
  /** Whether it is to be in. */
  #in = false;
  /** Counts what has been begun; only the newest goes on. */
  #begun = 0;

  /** @param limitMs how long a registry may take to put it in, in milliseconds. */
  constructor(target: Target, limitMs: number, watching: AddressWatchOptions = {}) {
    this.#target = target;
    this.#limitMs = limitMs;
    this.#watching = watching;
  }

  /** As it is registered, or was last. */
  get instance(): Instance | undefined {
    return this.#instance;
  }

  get listed(): boolean {
    return this.#kept?.listed === true;
  }

  /**
   * Resolves when the instance is listed, or when the first attempt has failed or takes too long and goes on in the background.
   * @param advertised where its address comes from; without it the address stays, whatever becomes of the machine's.
   * @throws what the registry refuses for good.
   */
  async enter(instance: Instance, advertised?: Advertised): Promise<void> {
    this.#in = true;
    this.#instance = instance;
    if (advertised) {
      this.#watch ??= new AddressWatch(advertised, (address) => this.#move(address), this.#watching);
      this.#watch.open();
    }
    await this.#begin();
  }

  /** Resolves when the instance is no longer listed, or when that is not confirmed in time. Never rejects. */
  async leave(limitMs: number): Promise<void> {
    this.#in = false;
    this.#watch?.close();
    await this.#kept?.end(limitMs);
  }

  async #begin(): Promise<void> {
    this.#begun += 1;
    const mine = this.#begun;
    // What is still being taken out would take the new entry along.
    if (this.#kept) await endsWithin(this.#kept.removed(), this.#limitMs);
    if (!this.#in || mine !== this.#begun) return;
    const onLost = () => this.#watch?.look();
    this.#kept = new KeptRegistration(this.#target, this.#instance!, onLost, () => this.#open());
    await this.#kept.begun(this.#limitMs);
  }

  #open(): ReturnType<typeof registrarOf> {
    if (!this.#opened) {
      this.#opened = registrarOf(this.#target);
      this.#opened.catch(() => {
        this.#opened = undefined;
      });
    }
    return this.#opened;
  }

  #move(address: string): void {
    this.#instance = { ...this.#instance!, address };
    this.#begin().catch((error) => {
      if (this.#in) log.error({ instance: address, err: error }, `${address} cannot be registered`);
    });
  }
}
