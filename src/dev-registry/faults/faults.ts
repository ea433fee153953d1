import type { status } from "@grpc/grpc-js";
import type { Credentials } from "../access.js";
import { noLeader } from "../errors.js";
import type { Identity } from "../identity.js";
import type { Leases } from "../leases.js";
import type { Store } from "../store.js";
import type { WatchStreams } from "../watch/watch-service.js";
import type { Admission } from "./admission.js";
import type { FaultProxy } from "./fault-proxy.js";

/** What can go wrong with a registry, on request: for tests of how an application bears it. */
export interface Faults {
  /** Cuts every connection at once; clients may connect again. */
  dropConnections(): void;
  /** The registry cannot be reached: connections are cut and new ones refused, while leases run out as ever. */
  refuse(on: boolean): Promise<void>;
  /** Nothing passes on any connection, yet none is closed, as behind a firewall that forgot them. What was held back passes afterwards. */
  freeze(on: boolean): void;
  /** Watches fall silent while every other call is answered. What they missed follows afterwards. */
  freezeWatches(on: boolean): void;
  /** The registry's process dies: as refuse(true), but nothing runs out meanwhile. Ends with restart(). */
  crash(): Promise<void>;
  /** After a crash (or without one: crashes first) the registry is back with its data, every lease with its whole TTL. */
  restart(): Promise<void>;
  /** Restarts with an empty store: a lower revision, another cluster id, no leases. */
  wipe(): Promise<void>;
  /** Every lease runs out now and takes its keys along. */
  expireLeases(): void;
  /** Forgets history older than a revision, by default the newest. Watches that ask for older ones are cancelled. */
  compact(revision?: bigint): void;
  /** Calls are answered `UNAVAILABLE: etcdserver: no leader`, watch streams ended with it. */
  loseLeader(on: boolean): void;
  /**
   * The next call fails, once or `times` over. `method` limits it to one, by its name in etcd's API: "Range", "Put",
   * "Txn", "Watch", "LeaseGrant", "LeaseKeepAlive"…; a stream that is open already goes on.
   */
  failNext(code: status, options?: { method?: string; times?: number; details?: string }): void;
  /** Callers have to log in, as with etcd's authentication enabled; undefined: no longer. */
  requireAuth(credentials: Credentials | undefined): void;
  /** Every token given so far is invalid from now on; a new login gives a valid one. */
  expireTokens(): void;
}

export function createFaults(parts: {
  admission: Admission;
  identity: Identity;
  store: Store;
  leases: Leases;
  watches: WatchStreams;
  faultProxy: FaultProxy;
}): Faults {
  const { admission, identity, store, leases, watches, faultProxy } = parts;
  const crash = async () => {
    leases.pause();
    await faultProxy.refuse(true);
  };
  const restart = async () => {
    await crash();
    identity.term += 1n;
    leases.resume();
    await faultProxy.refuse(false);
  };
  return {
    dropConnections: () => faultProxy.cut(),
    refuse: (on) => faultProxy.refuse(on),
    freeze: (on) => faultProxy.freeze(on),
    freezeWatches: (on) => watches.freeze(on),
    crash,
    restart,
    wipe: async () => {
      await crash();
      leases.clear();
      store.clear();
      identity.renew();
      await restart();
    },
    expireLeases: () => leases.expireAll(),
    compact: (revision = store.revision) => store.compact(revision),
    loseLeader: (on) => {
      admission.leaderless = on;
      if (on) watches.endAll(noLeader());
    },
    failNext: (code, { method, times = 1, details = "injected by the dev registry" } = {}) =>
      admission.plan(code, details, method, times),
    requireAuth: (credentials) => admission.access.require(credentials),
    expireTokens: () => admission.access.expireTokens(),
  };
}
