import { holdUnless } from "../../../async/hold.js";
import { acquireCluster, type Cluster } from "../../../etcd-client/cluster.js";
import type { Lease } from "../../../etcd-client/lease.js";
import type { EtcdSettings } from "../settings.js";
import { acquireNumber } from "./numbers.js";

/** What one registration holds of that which all of a process share, and of the process itself, unless it is in the background. */
export class Holdings {
  readonly cluster: Cluster;
  readonly lease: Lease;
  /** Tells registrations of one service by this process apart. */
  readonly number: number;
  readonly #releaseLease: () => Lease | undefined;
  readonly #release: () => void;

  constructor(settings: EtcdSettings, path: string, ttlSeconds: number, background: boolean) {
    const cluster = acquireCluster(settings);
    const lease = cluster.cluster.acquireLease(ttlSeconds);
    const number = acquireNumber(cluster.cluster, path);
    const letGo = holdUnless(background);
    this.cluster = cluster.cluster;
    this.lease = lease.lease;
    this.number = number.number;
    this.#releaseLease = lease.release;
    this.#release = () => {
      number.release();
      cluster.release();
      letGo();
    };
  }

  /** @returns the lease's id when it was held by nobody else any more: it is no longer renewed, and is to be revoked. */
  releaseLease(): bigint | undefined {
    return this.#releaseLease()?.stop();
  }

  release(): void {
    this.#release();
  }
}
