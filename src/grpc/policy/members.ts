import { connectivityState as State } from "@grpc/grpc-js";
import type { ChannelStatus } from "../../discovery/status.js";
import type { Instance } from "../../instance.js";
import { log } from "../../log.js";
import { Departed } from "../../membership/retirement.js";
import type { Endpoint } from "../shield.js";
import type { Connection } from "./connection.js";

/**
 * How long instances that an emptied registry no longer lists stay in use after the first new registration, in
 * milliseconds. The others learn of the loss by their next keepalive, a third of the TTL of 10 s later, and would
 * meanwhile leave the first one with all the traffic.
 */
const TAKEOVER_MS = 4_000;

/** An instance that the registry lists, and where it is. */
export interface Listed {
  readonly endpoint: Endpoint;
  readonly instance: Instance;
}

/**
 * Whom the policy is connected to: the instances that are listed, and where the registry has suddenly lost all of them,
 * those that are still up. A new list touches only what changed.
 */
export class Members {
  readonly #connections = new Map<string, Connection>();
  /** Those of them that are not listed any more since the registry suddenly listed nobody. */
  readonly #doubted = new Set<string>();
  readonly #departed = new Departed<Connection>();
  readonly #knowledge: () => ChannelStatus | undefined;
  readonly #onTakeover: () => void;
  #takeover: NodeJS.Timeout | undefined;

  /** @param onTakeover called when those in doubt have been given up, because others are listed again and ready. */
  constructor(knowledge: () => ChannelStatus | undefined, onTakeover: () => void) {
    this.#knowledge = knowledge;
    this.#onTakeover = onTakeover;
  }

  /** By identity. */
  get connections(): ReadonlyMap<string, Connection> {
    return this.#connections;
  }

  /** Whether none of them is listed. */
  get allDoubted(): boolean {
    return this.#connections.size === this.#doubted.size;
  }

  /**
   * @param listed all that the registry lists, by identity
   * @param chosen those of them to be connected to
   */
  set(listed: ReadonlyMap<string, Listed>, chosen: Iterable<string>, open: (listed: Listed) => Connection): void {
    if (listed.size === 0) this.#doubtEmptiness();
    else this.#partWithAllBut(listed);

    const wanted = new Set(chosen);
    for (const id of listed.keys()) if (!wanted.has(id)) this.#close(id);
    for (const id of wanted) {
      this.#doubted.delete(id);
      const known = this.#connections.get(id) ?? this.#departed.take(id);
      known?.keepUp(listed.get(id)!.instance);
      const connection = known ?? open(listed.get(id)!);
      this.#connections.set(id, connection);
      if (!known) connection.connect();
    }
    if (listed.size > 0 && this.#doubted.size > 0) this.#scheduleTakeover();
  }

  /** Lets go of those that are not listed and have really stopped: their connection is closed. */
  closeStopped(): void {
    this.#departed.closeStopped();
    for (const id of this.#doubted) {
      // One that was silent is dialled once.
      const state = this.#connections.get(id)?.state;
      if (state !== State.READY && state !== State.CONNECTING) this.#close(id);
    }
  }

  close(): void {
    clearTimeout(this.#takeover);
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.#doubted.clear();
    this.#departed.close();
  }

  #close(id: string): void {
    const connection = this.#connections.get(id) ?? this.#departed.take(id);
    connection?.close();
    this.#connections.delete(id);
    this.#doubted.delete(id);
  }

  #partWithAllBut(listed: ReadonlyMap<string, unknown>): void {
    for (const id of this.#connections.keys()) {
      if (!listed.has(id) && !this.#doubted.has(id)) this.#partWith(id);
    }
  }

  /** The registry does not list it any more: it gets no more calls, and its connection waits to see who else leaves. */
  #partWith(id: string): void {
    const connection = this.#connections.get(id)!;
    this.#connections.delete(id);
    this.#doubted.delete(id);
    connection.letLapse();
    if (connection.ready) this.#departed.add(id, connection);
    else connection.close();
  }

  /**
   * Everybody gone, and yet connected and healthy: rather the registry has lost them than they have stopped. Leases run out
   * one after the other, so that holds for those that were lost shortly before the last as well.
   */
  #doubtEmptiness(): void {
    const doubtedBefore = this.#doubted.size;
    for (const [id, connection] of this.#departed.takeAll()) this.#connections.set(id, connection);
    for (const [id, connection] of this.#connections) {
      if (this.#doubted.has(id)) continue;
      if (!connection.ready) this.#close(id);
      else {
        connection.letLapse();
        this.#doubted.add(id);
        // Hosts that lost their power look the same from here; a process that merely stalls comes back.
        void connection.check();
      }
    }
    if (this.#doubted.size === doubtedBefore) return;
    const { registry = "the registry", target } = this.#knowledge() ?? {};
    log.warn(
      { service: target?.service, instances: [...this.#doubted] },
      `${registry} suddenly lists no instance of ${JSON.stringify(target?.service)}, but ${this.#doubted.size} are connected ` +
        "and healthy: they stay in use until they close or others register; check the registry",
    );
  }

  #scheduleTakeover(): void {
    this.#takeover ??= setTimeout(() => {
      this.#takeover = undefined;
      const replaced = [...this.#connections].some(([id, { ready }]) => ready && !this.#doubted.has(id));
      if (!replaced) return this.#scheduleTakeover();
      for (const id of this.#doubted) this.#partWith(id);
      log.info(
        { service: this.#knowledge()?.target.service },
        "instances are listed again: those not listed are dropped",
      );
      this.#onTakeover();
    }, TAKEOVER_MS).unref();
  }
}
