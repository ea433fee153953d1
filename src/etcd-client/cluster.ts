import { clusters } from "./clusters-in-use.js";
import { Connection } from "./connection.js";
import type { ConnectionState } from "./connection-state.js";
import { Lease } from "./lease.js";
import type { Session, Sessions } from "./session.js";
import { type ConnectionSettings, connectionKey, normaliseSettings } from "./settings.js";
import { Watcher } from "./watch/watcher.js";

/**
 * All that this process has to do with one etcd cluster: one connection, one watch stream over it, one lease.
 * Shared by everybody who names the same hosts, user and files; closed when the last of them lets go.
 */
export class Cluster implements Sessions {
  readonly watcher: Watcher;
  readonly #connection: Connection;
  readonly #leases = new Map<number, { lease: Lease; users: number }>();

  /** Use acquireCluster(): a process shares its clusters. */
  constructor(settings: ConnectionSettings) {
    this.#connection = new Connection(normaliseSettings(settings));
    this.watcher = new Watcher(this.#connection);
  }

  session(): Promise<Session> {
    return this.#connection.session();
  }

  /** The process's lease with this TTL. `release` returns it to its last user, who stops and revokes it. */
  acquireLease(ttlSeconds: number): { lease: Lease; release(): Lease | undefined } {
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

  /** For whoever shows it. */
  get state(): { hosts: readonly string[] } & ConnectionState {
    return { hosts: this.#connection.hosts, ...this.#connection.state };
  }

  close(): void {
    this.watcher.close();
    this.#connection.close();
  }
}

/** The process's cluster for these settings. Each holder calls `release` once; the last one closes it. */
export function acquireCluster(settings: ConnectionSettings): { cluster: Cluster; release(): void } {
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
