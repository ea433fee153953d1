import type { Timing } from "../async/timing.js";
import { RETIRED_MS } from "./grace-periods.js";

/**
 * Connections to instances that the registry has just ceased to list. They get no calls, and are kept for the case that
 * the registry goes on to lose all others as well: then it has lost them rather than that they have stopped.
 */
export class Retired<C extends { close(): void }> {
  readonly #timing: Timing;
  readonly #held = new Map<string, { readonly connection: C; readonly stopTimer: () => void }>();

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  get size(): number {
    return this.#held.size;
  }

  add(id: string, connection: C): void {
    const stopTimer = this.#timing.after(RETIRED_MS, () => this.take(id)?.close());
    this.#held.set(id, { connection, stopTimer });
  }

  /** Hands a connection back, if it is still held. */
  take(id: string): C | undefined {
    const held = this.#held.get(id);
    held?.stopTimer();
    this.#held.delete(id);
    return held?.connection;
  }

  takeAll(): [id: string, connection: C][] {
    return [...this.#held.keys()].map((id) => [id, this.take(id)!]);
  }

  /** Closes those that have really stopped: their connection is lost, or they say that they do not serve. */
  closeUnless(living: (connection: C) => boolean): void {
    for (const [id, { connection }] of this.#held) if (!living(connection)) this.take(id)?.close();
  }

  close(): void {
    for (const [, connection] of this.takeAll()) connection.close();
  }
}
