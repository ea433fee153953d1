import { randomBytes } from "node:crypto";
import type { ResponseHeader } from "../proto/etcd.js";

/** What the one node says of itself. */
export class Identity {
  clusterId = randomId();
  memberId = randomId();
  /** Raft's count of elections; a restart is one. */
  term = 2n;

  /** As after the data folder was deleted: another cluster, another member. */
  renew(): void {
    this.clusterId = randomId();
    this.memberId = randomId();
    this.term = 2n;
  }

  header(revision: bigint): ResponseHeader {
    return { clusterId: this.clusterId, memberId: this.memberId, revision, raftTerm: this.term };
  }
}

/** A positive int64, because etcdctl and Go print ids and some clients keep them signed. */
export function randomId(): bigint {
  return (randomBytes(8).readBigUInt64BE() & 0x7fff_ffff_ffff_ffffn) | 1n;
}
