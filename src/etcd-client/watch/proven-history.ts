import { log } from "../../log.js";
import { type KeyValue, RangeRequest } from "../../proto/etcd.js";
import { isDenied, isOtherHistory } from "../errors.js";
import { KVService } from "../methods.js";
import type { Session } from "../session.js";
import { isSamePut } from "./range-view.js";

/**
 * The revision up to which etcd's history is the one known, shown by the newest put seen; 0 when that is not shown.
 * Reading at that put's revision fails when it was compacted or is yet to come; no other put has its revision and lease.
 * @throws EtcdError when etcd cannot be asked.
 */
export async function provenRevision(session: Session, newestPut: KeyValue | undefined): Promise<bigint> {
  if (!newestPut) return 0n;
  const { key, modRevision } = newestPut;
  try {
    const request = RangeRequest.fromPartial({ key, revision: modRevision });
    const { kvs } = await session.call(KVService.range, request);
    const [found] = kvs;
    if (found !== undefined && isSamePut(found, newestPut)) return modRevision;
    log.warn({ host: session.host }, "etcd's history is another one than before: listing again");
    return 0n;
  } catch (error) {
    if (isOtherHistory(error) || isDenied(error)) return 0n;
    throw error;
  }
}
