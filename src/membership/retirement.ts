/**
 * How long a connection is kept after its instance has left the registry, in milliseconds. Leases are renewed every third
 * of their TTL, so those that can no longer be renewed run out within a third of a TTL of each other: this covers TTLs of
 * up to 30 s.
 */
export const LINGER_MS = 10_000;

/** What this needs to know of a connection. */
interface Held {
  readonly ready: boolean;
  close(): void;
}

/**
 * Connections to instances that the registry has just ceased to list. They get no calls, and are kept for the case that
 * the registry goes on to lose all others as well: then it has lost them rather than that they have stopped.
 */
export class Departed<C extends Held> {
  readonly #held = new Map<string, { readonly connection: C; readonly timer: NodeJS.Timeout }>();

  add(id: string, connection: C): void {
    const timer = setTimeout(() => this.take(id)?.close(), LINGER_MS).unref();
    this.#held.set(id, { connection, timer });
  }

  /** Hands a connection back, if it is still held. */
  take(id: string): C | undefined {
    const held = this.#held.get(id);
    clearTimeout(held?.timer);
    this.#held.delete(id);
    return held?.connection;
  }

  takeAll(): [id: string, connection: C][] {
    return [...this.#held.keys()].map((id) => [id, this.take(id)!]);
  }

  /** Lets go of those that have really stopped: their connection is lost, or they say that they do not serve. */
  closeStopped(): void {
    for (const [id, { connection }] of this.#held) if (!connection.ready) this.take(id)?.close();
  }

  close(): void {
    for (const [, connection] of this.takeAll()) connection.close();
  }
}
