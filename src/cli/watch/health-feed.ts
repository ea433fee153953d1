import { type Health, watchHealth } from "../../operator/health.js";

/** More instances are not followed: each is a connection. */
const MOST_FOLLOWED = 200;

/** Follows the health of the instances that are listed now. */
export class HealthFeed {
  readonly #told: (address: string, health: Health, before: Health | undefined) => void;
  readonly #followed = new Map<string, AbortController>();
  readonly #known = new Map<string, Health>();

  /** @param told called at an instance's first word (`before` undefined) and at every change. */
  constructor(told: (address: string, health: Health, before: Health | undefined) => void) {
    this.#told = told;
  }

  of(address: string): Health | undefined {
    return this.#known.get(address);
  }

  /** Begins to follow those that are new, and forgets those that are gone. */
  follow(addresses: ReadonlySet<string>): void {
    for (const address of this.#followed.keys()) if (!addresses.has(address)) this.#forget(address);
    for (const address of addresses) {
      if (this.#followed.size >= MOST_FOLLOWED) return;
      if (!this.#followed.has(address)) this.#follow(address);
    }
  }

  close(): void {
    this.follow(new Set());
  }

  #follow(address: string): void {
    const end = new AbortController();
    this.#followed.set(address, end);
    // Never rejects.
    void watchHealth(address, end.signal, (health) => {
      const before = this.#known.get(address);
      this.#known.set(address, health);
      this.#told(address, health, before);
    });
  }

  #forget(address: string): void {
    this.#followed.get(address)?.abort();
    this.#followed.delete(address);
    this.#known.delete(address);
  }
}
