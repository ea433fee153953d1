import type { DeleteRangeRequest, KeyValue, PutRequest } from "../../proto/etcd.js";
import { emptyKey, keyNotFound, leaseNotFound, leaseProvided, valueProvided } from "../errors.js";
import { toKey, toRange } from "../key-range.js";
import type { Leases } from "../leases.js";
import type { Store } from "../store.js";

/** @throws EtcdError when the request contradicts itself. */
export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw emptyKey();
  if (request.ignoreValue && request.value.length > 0) throw valueProvided();
  if (request.ignoreLease && request.lease !== 0n) throw leaseProvided();
}

/** @throws EtcdError when the lease to attach is not there. */
export function checkLease(leases: Leases, { lease }: PutRequest): void {
  if (lease !== 0n && !leases.has(lease)) throw leaseNotFound();
}

/** @throws EtcdError when the key whose value or lease is to be kept is not there. */
export function checkPrevious(store: Store, request: PutRequest): void {
  if ((request.ignoreValue || request.ignoreLease) && !store.get(toKey(request.key))) throw keyNotFound();
}

/** Inside a transaction, after all checks. Returns what the key held before. */
export function put(store: Store, request: PutRequest): KeyValue | undefined {
  const key = toKey(request.key);
  const before = store.get(key);
  const value = request.ignoreValue ? before!.value : request.value;
  const lease = request.ignoreLease ? before!.lease : request.lease;
  store.put(key, value, lease);
  return before;
}

/** @throws EtcdError when there is no key. */
export function checkDelete(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw emptyKey();
}

/** Inside a transaction. Returns what was deleted. */
export function deleteRange(store: Store, request: DeleteRangeRequest): KeyValue[] {
  return store.delete(toRange(request.key, request.rangeEnd));
}
