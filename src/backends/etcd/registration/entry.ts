import type { Link } from "../../../etcd-client/session.js";
import type { Instance } from "../../../instance.js";
import {
  Compare,
  Compare_CompareResult,
  Compare_CompareTarget,
  KVService,
  RequestOp,
  TxnRequest,
} from "../../../proto/etcd.js";
import { factsValue } from "../layout/instance-value.js";
import { factsKey, instanceKey, pauseKey } from "../layout/keys.js";

/** What one instance has in etcd under one lease: its key, its facts beside it, and the order to pause it, if there is one. */
export class Entry {
  readonly key: string;
  readonly pauseKey: string;
  readonly lease: bigint;
  /** Until etcd has confirmed it, it may be there or not. */
  confirmed = false;
  readonly #address: string;
  readonly #factsKey: string;
  readonly #facts: Buffer | undefined;

  constructor(service: string, id: string, lease: bigint, instance: Instance, withFacts: boolean) {
    this.key = instanceKey(service, id);
    this.pauseKey = pauseKey(service, id);
    this.lease = lease;
    this.#address = instance.address;
    this.#factsKey = factsKey(service, id);
    this.#facts = withFacts ? factsValue(instance) : undefined;
  }

  get hasFacts(): boolean {
    return this.#facts !== undefined;
  }

  /** The keys it is put under. */
  get keys(): readonly string[] {
    return this.hasFacts ? [this.key, this.#factsKey] : [this.key];
  }

  /** Puts it, all or nothing. @returns the revision of etcd that has it. */
  async put(link: Link, signal: AbortSignal): Promise<bigint> {
    const success = [putOp(this.key, Buffer.from(this.#address), this.lease)];
    if (this.#facts) success.push(putOp(this.#factsKey, this.#facts, this.lease));
    const { header } = await link.call(KVService.txn, TxnRequest.fromPartial({ success }), { signal });
    this.confirmed = true;
    return header!.revision;
  }

  /**
   * Deletes it, if its key is still ours: with Etcd.ID another process may have taken it over.
   * @param ordered Whether an order to pause it stands, which goes in any case.
   */
  async delete(link: Link, ordered: boolean, signal: AbortSignal): Promise<void> {
    const isOurs = Compare.fromPartial({
      key: Buffer.from(this.key),
      target: Compare_CompareTarget.LEASE,
      result: Compare_CompareResult.EQUAL,
      targetUnion: { $case: "lease", value: this.lease },
    });
    const always = ordered ? [deleteOp(this.pauseKey)] : [];
    const success = [...this.keys.map(deleteOp), ...always];
    await link.call(KVService.txn, TxnRequest.fromPartial({ compare: [isOurs], success, failure: always }), { signal });
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
