import { afterRead } from "../async/after-read.js";
import type { Timing } from "../async/timing.js";
import type { ConnectionState, ProbeCause } from "./connection/connection-state.js";
import { isServing, upState } from "./connection/connection-state.js";
import { TAKEOVER_MS } from "./grace-periods.js";
import { Retired } from "./retirement.js";

/** What Members needs of a connection. */
export interface Member<L> {
  readonly state: ConnectionState;
  /** The instance is listed, as this: dialled now if need be, and whenever it is lost. */
  keepUp(listed: L): void;
  /** The instance is not listed: when the connection is lost nobody dials. */
  letLapse(): void;
  probe(cause: ProbeCause): void;
  close(): void;
}

export interface MembersListener {
  /** The registry suddenly lists nobody; these are connected and serving, and stay in use. */
  retained(ids: readonly string[]): void;
  /** Those retained have been given up, because others are listed again and ready. */
  takenOver(): void;
}

/**
 * Whom to be connected to: the instances that are listed, and where the registry has suddenly lost all of them, those that
 * are still up. A new list touches only what changed.
 */
export class Members<L, C extends Member<L>> {
  readonly #open: (listed: L) => C;
  readonly #timing: Timing;
  readonly #listener: MembersListener;
  readonly #connections = new Map<string, C>();
  /** Those of them that are not listed any more since the registry suddenly listed nobody. */
  readonly #retained = new Set<string>();
  readonly #retired: Retired<C>;
  #stopTakeover: (() => void) | undefined;

  constructor(open: (listed: L) => C, timing: Timing, listener: MembersListener) {
    this.#open = open;
    this.#timing = timing;
    this.#listener = listener;
    this.#retired = new Retired(timing);
  }

  /** By identity. */
  get connections(): ReadonlyMap<string, C> {
    return this.#connections;
  }

  /** How many are used or held that the registry does not list. */
  get unlisted(): { readonly retained: number; readonly retired: number } {
    return { retained: this.#retained.size, retired: this.#retired.size };
  }

  /** Whether none of them is listed. */
  get noneListed(): boolean {
    return this.#connections.size === this.#retained.size;
  }

  /**
   * @param listed all that the registry lists, by identity
   * @param chosen those of them to be connected to
   */
  set(listed: ReadonlyMap<string, L>, chosen: Iterable<string>): void {
    if (listed.size === 0) this.#retainAll();
    else this.#retireAllBut(listed);

    const wanted = new Set(chosen);
    for (const id of listed.keys()) if (!wanted.has(id)) this.#close(id);
    for (const id of wanted) {
      this.#retained.delete(id);
      const one = listed.get(id)!;
      const connection = this.#connections.get(id) ?? this.#retired.take(id) ?? this.#open(one);
      this.#connections.set(id, connection);
      connection.keepUp(one);
    }
    if (listed.size > 0 && this.#retained.size > 0) this.#scheduleTakeover();
  }

  /** Closes those that are not listed and have really stopped. */
  closeStopped(): void {
    this.#retired.closeUnless(({ state }) => isServing(state));
    for (const id of this.#retained) {
      const { state } = this.#connections.get(id)!;
      // One that was silent is dialled once.
      const dialled = state.is === "connecting" && state.failure === undefined;
      if (!dialled && (!upState(state) || upState(state)?.is === "not serving")) this.#close(id);
    }
  }

  close(): void {
    this.#stopTakeover?.();
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.#retained.clear();
    this.#retired.close();
  }

  #close(id: string): void {
    const connection = this.#connections.get(id) ?? this.#retired.take(id);
    this.#connections.delete(id);
    this.#retained.delete(id);
    connection?.close();
  }

  #retireAllBut(listed: ReadonlyMap<string, unknown>): void {
    for (const id of this.#connections.keys()) {
      if (!listed.has(id) && !this.#retained.has(id)) this.#retire(id);
    }
  }

  /** The registry does not list it any more: it gets no more calls, and its connection waits to see who else leaves. */
  #retire(id: string): void {
    const connection = this.#connections.get(id)!;
    this.#connections.delete(id);
    this.#retained.delete(id);
    connection.letLapse();
    if (isServing(connection.state)) this.#retired.add(id, connection);
    else connection.close();
  }

  /**
   * Everybody gone, and yet connected and healthy: rather the registry has lost them than they have stopped. Leases run out
   * one after the other, so that holds for those that were lost shortly before the last as well.
   */
  #retainAll(): void {
    const before = this.#retained.size;
    for (const [id, connection] of this.#retired.takeAll()) this.#connections.set(id, connection);
    for (const [id, connection] of this.#connections) {
      if (this.#retained.has(id)) continue;
      if (!isServing(connection.state)) this.#close(id);
      else {
        connection.letLapse();
        this.#retained.add(id);
        // Hosts that lost their power look the same from here; a process that merely stalls comes back.
        connection.probe("silence");
      }
    }
    if (this.#retained.size > before) this.#listener.retained([...this.#retained]);
  }

  #scheduleTakeover(): void {
    this.#stopTakeover ??= afterRead(TAKEOVER_MS, () => this.#takeOver(), this.#timing);
  }

  #takeOver(): void {
    this.#stopTakeover = undefined;
    const replaced = [...this.#connections].some(([id, { state }]) => isServing(state) && !this.#retained.has(id));
    if (!replaced) {
      this.#scheduleTakeover();
      return;
    }
    for (const id of this.#retained) this.#retire(id);
    this.#listener.takenOver();
  }
}
