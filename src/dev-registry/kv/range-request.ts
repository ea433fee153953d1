import {
  type KeyValue,
  type RangeRequest,
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
} from "../../proto/etcd.js";
import { emptyKey, invalidSortOption } from "../errors.js";
import { NO_BYTES, toRange } from "../key-range.js";
import type { Store } from "../store.js";

/** What Range answers, header aside. */
export interface RangeAnswer {
  kvs: KeyValue[];
  more: boolean;
  count: bigint;
}

/** @throws EtcdError when the request is not one that etcd accepts. */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw emptyKey();
  if (!isOneOf(SortOrder, request.sortOrder) || !isOneOf(SortTarget, request.sortTarget)) throw invalidSortOption();
}

/** `count` is of all keys in the range: neither the limit nor the revision filters change it. */
export function range(store: Store, request: RangeRequest): RangeAnswer {
  const all = store.range(toRange(request.key, request.rangeEnd), request.revision);
  const count = BigInt(all.length);
  if (request.countOnly) return { kvs: [], more: false, count };

  const kvs = sort(all.filter(filterOf(request)), request);
  const more = request.limit > 0n && BigInt(kvs.length) > request.limit;
  if (more) kvs.length = Number(request.limit);
  return { kvs: request.keysOnly ? kvs.map((kv) => ({ ...kv, value: NO_BYTES })) : kvs, more, count };
}

/** A bound of 0 is no bound. */
function filterOf(request: RangeRequest): (kv: KeyValue) => boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return ({ modRevision, createRevision }) =>
    (minModRevision === 0n || modRevision >= minModRevision) &&
    (maxModRevision === 0n || modRevision <= maxModRevision) &&
    (minCreateRevision === 0n || createRevision >= minCreateRevision) &&
    (maxCreateRevision === 0n || createRevision <= maxCreateRevision);
}

/** The store's order is by key, ascending; a target other than the key is sorted by even without an order. */
function sort(kvs: KeyValue[], { sortOrder, sortTarget }: RangeRequest): KeyValue[] {
  if (sortOrder === SortOrder.NONE && sortTarget === SortTarget.KEY) return kvs;
  const sign = sortOrder === SortOrder.DESCEND ? -1 : 1;
  const order = ORDERS[sortTarget];
  return kvs.sort((a, b) => sign * order(a, b));
}

const ORDERS: Record<SortTarget, (a: KeyValue, b: KeyValue) => number> = {
  [SortTarget.KEY]: (a, b) => a.key.compare(b.key),
  [SortTarget.VERSION]: (a, b) => compareBigints(a.version, b.version),
  [SortTarget.CREATE]: (a, b) => compareBigints(a.createRevision, b.createRevision),
  [SortTarget.MOD]: (a, b) => compareBigints(a.modRevision, b.modRevision),
  [SortTarget.VALUE]: (a, b) => a.value.compare(b.value),
};

/** Negative, 0 or positive, for sorting and for a transaction's comparisons. */
export function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isOneOf(values: Readonly<Record<string, number>>, value: number): boolean {
  return Object.values(values).includes(value);
}
