import { KVService } from "../../../etcd-client/methods.js";
import type { Session } from "../../../etcd-client/session.js";
import type { Instance } from "../../../instance.js";
import { Compare, Compare_CompareResult, Compare_CompareTarget, RequestOp, TxnRequest } from "../../../proto/etcd.js";
import { attributesKey, instanceKey, pauseKey } from "../layout/keys.js";
import type { Layout } from "../layout/layout.js";

/** What one instance has in etcd under one lease: its key, and its attributes beside it where there are any. */
export class Records {
  readonly key: string;
  readonly pauseKey: string;
  readonly lease: bigint;
  readonly #value: Buffer;
  readonly #attributesKey: string;
  readonly #attributes: Buffer | undefined;

  /** @param path where the service's instances stand, as the layout has it. */
  constructor(layout: Layout, path: string, id: string, lease: bigint, instance: Instance, withAttributes: boolean) {
    this.key = instanceKey(path, id);
    this.pauseKey = pauseKey(path, id);
    this.lease = lease;
    this.#value = layout.value(path, id, instance);
    this.#attributesKey = attributesKey(path, id);
    this.#attributes = withAttributes ? layout.attributes(instance, Date.now()) : undefined;
  }

  get hasAttributes(): boolean {
    return this.#attributes !== undefined;
  }

  /** The keys they are put under, the instance's first. */
  get keys(): readonly string[] {
    return this.hasAttributes ? [this.key, this.#attributesKey] : [this.key];
  }

  /** Puts them, all or nothing. @returns the revision of etcd that has them. */
  async put(session: Session, signal: AbortSignal): Promise<bigint> {
    const success = [putOp(this.key, this.#value, this.lease)];
    if (this.#attributes) success.push(putOp(this.#attributesKey, this.#attributes, this.lease));
    const { header } = await session.call(KVService.txn, TxnRequest.fromPartial({ success }), { signal });
    return header!.revision;
  }

  /**
   * Deletes them, if the key is still ours: with Etcd.ID another process may have taken it.
   * @param ordered whether an order to pause the instance stands, which goes in any case.
   * @returns whether the instance's key was there and ours.
   */
  async delete(session: Session, ordered: boolean, signal: AbortSignal): Promise<boolean> {
    const isOurs = Compare.fromPartial({
      key: Buffer.from(this.key),
      target: Compare_CompareTarget.LEASE,
      result: Compare_CompareResult.EQUAL,
      targetUnion: { $case: "lease", value: this.lease },
    });
    const always = ordered ? [deleteOp(this.pauseKey)] : [];
    const success = [...this.keys.map(deleteOp), ...always];
    const request = TxnRequest.fromPartial({ compare: [isOurs], success, failure: always });
    return (await session.call(KVService.txn, request, { signal })).succeeded;
  }
}

function putOp(key: string, value: Buffer, lease: bigint): RequestOp {
  return RequestOp.fromPartial({
    request: { $case: "requestPut", value: { key: Buffer.from(key), value, lease } },
  });
}

function deleteOp(key: string): RequestOp {
  return RequestOp.fromPartial({ request: { $case: "requestDeleteRange", value: { key: Buffer.from(key) } } });
}
