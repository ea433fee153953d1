import { endsWithin } from "../async/time-limit.js";
import { log, safely } from "../log.js";
import type { Activity } from "../membership/connection/activity.js";
import type { Session } from "../membership/connection/transport.js";
import type { PoolSettings } from "./options.js";

/** How long the user's close() of one connection is waited for, in milliseconds. */
const CLOSE_MS = 5_000;

/** A connection that `connect` has made, and the exchanges on it. */
export class PoolSession<T> implements Session {
  readonly connection: T;
  /** Resolves when the connection has been closed. */
  readonly closed: Promise<void>;
  readonly #options: PoolSettings<T>;
  /** Told of what passes only where there is a probe: whatever is silent is probed. */
  readonly #activity: Activity | undefined;
  readonly #dead = new AbortController();
  #exchanges = 0;
  #closing = false;
  #tellClosed: () => void = () => {};

  constructor(connection: T, options: PoolSettings<T>, activity: Activity) {
    this.connection = connection;
    this.#options = options;
    this.#activity = options.probe && activity;
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
  }

  /** Aborts when the far side is found to be gone. */
  get dead(): AbortSignal {
    return this.#dead.signal;
  }

  /** Exchanges under way. */
  get exchanges(): number {
    return this.#exchanges;
  }

  began(): number {
    this.#exchanges += 1;
    return this.#activity?.started() ?? 0;
  }

  heard(): void {
    this.#activity?.heard();
  }

  ended(beganAt: number, timedOut: boolean): void {
    this.#exchanges -= 1;
    this.#activity?.ended(beganAt, timedOut);
    this.#closeWhenIdle();
  }

  probe(answered: () => void): () => void {
    const abort = new AbortController();
    const { probe } = this.#options;
    const ask = async () => probe?.(this.connection, abort.signal);
    const tell = () => {
      if (!abort.signal.aborted) answered();
    };
    ask().then(tell, tell);
    return () => abort.abort();
  }

  endCalls(reason: string): void {
    this.#dead.abort(new Error(reason));
  }

  /** After the last exchange. */
  close(): void {
    this.#closing = true;
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#closing || this.#exchanges > 0) return;
    this.#closing = false;
    void this.#end();
  }

  async #end(): Promise<void> {
    const { close } = this.#options;
    let ended: unknown;
    safely("close() of a pool", () => {
      ended = close?.(this.connection);
      return ended;
    });
    try {
      if (!(await endsWithin(Promise.resolve(ended), CLOSE_MS))) {
        log.warn({ ms: CLOSE_MS }, "close() of a pool's connection has not ended: it is no longer waited for");
      }
    } catch {
      // safely() has said so.
    }
    this.#tellClosed();
  }
}
