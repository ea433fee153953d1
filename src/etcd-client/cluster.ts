import { Connection } from "./connection.js";
import { Lease } from "./lease.js";
import type { Link, Links } from "./session.js";
import { DEFAULT_TTL_SECONDS, type EtcdSettings } from "./settings.js";
import { Watcher } from "./watcher.js";

/**
 * All that this process has to do with one etcd cluster: one connection, one watch stream over it, one lease.
 * Shared by everybody who names the same hosts, user and files; closed when the last of them lets go.
 */
export class Cluster implements Links {
  readonly watcher: Watcher;
  readonly #connection: Connection;
  readonly #leases = new Map<number, { lease: Lease; users: number }>();
  readonly #numbers = new Map<string, Set<number>>();

  /** Use acquireCluster(): a process shares its clusters. */
  constructor(settings: EtcdSettings) {
    this.#connection = new Connection(settings);
    this.watcher = new Watcher(this.#connection);
  }

  link(): Promise<Link> {
    return this.#connection.link();
  }

  /** The process's lease with this TTL. `release` returns it to its last user, who stops and revokes it. */
  acquireLease(ttlSeconds = DEFAULT_TTL_SECONDS): { lease: Lease; release(): Lease | undefined } {
    const held = this.#leases.get(ttlSeconds) ?? { lease: new Lease(this, ttlSeconds), users: 0 };
    this.#leases.set(ttlSeconds, held);
    held.users += 1;
    return {
      lease: held.lease,
      release: () => {
        held.users -= 1;
        if (held.users > 0) return undefined;
        this.#leases.delete(ttlSeconds);
        return held.lease;
      },
    };
  }

  /**
   * A number, from 1, that tells registrations of one service by this process apart; the lowest free one.
   * @returns the number and a function that frees it.
   */
  acquireNumber(service: string): { number: number; release(): void } {
    const taken = this.#numbers.get(service) ?? new Set();
    this.#numbers.set(service, taken);
    let number = 1;
    while (taken.has(number)) number += 1;
    taken.add(number);
    return {
      number,
      release: () => {
        taken.delete(number);
        if (taken.size === 0) this.#numbers.delete(service);
      },
    };
  }

  close(): void {
    this.watcher.close();
    this.#connection.close();
  }
}

const clusters = new Map<string, { cluster: Cluster; users: number }>();

/** The process's cluster for these settings. Each holder calls `release` once; the last one closes it. */
export function acquireCluster(settings: EtcdSettings): { cluster: Cluster; release(): void } {
  const key = connectionKey(settings);
  const held = clusters.get(key) ?? { cluster: new Cluster(settings), users: 0 };
  clusters.set(key, held);
  held.users += 1;
  let released = false;
  return {
    cluster: held.cluster,
    release: () => {
      if (released) return;
      released = true;
      held.users -= 1;
      if (held.users > 0) return;
      clusters.delete(key);
      held.cluster.close();
    },
  };
}

/** Settings that are equal in all that concerns the connection share it. */
function connectionKey(settings: EtcdSettings): string {
  const { hosts, user, pass, certFile, certKeyFile, caCertFile, insecureSkipVerify, tls } = settings;
  return JSON.stringify([[...hosts].sort(), user, pass, certFile, certKeyFile, caCertFile, insecureSkipVerify, tls]);
}
