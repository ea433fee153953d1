import type { RequestOp, TxnRequest } from "../../proto/etcd.js";
import { duplicateKey, emptyKey, keyNotFound, tooManyOperations } from "../errors.js";
import { contains, type Key, type KeyRange, toKey } from "../key-range.js";
import { checkDelete, checkPut } from "./put-request.js";
import { checkRange } from "./range-request.js";

/** etcd's default of --max-txn-ops. */
const MAX_OPERATIONS = 128;

/** @throws EtcdError for what no state of the store could make valid, as etcd refuses it before looking at the store. */
export function checkTxn(request: TxnRequest): void {
  checkOperations(request, MAX_OPERATIONS);
  changedKeys(request.success);
  changedKeys(request.failure);
}

/** Both branches are checked, whichever will run. Nested transactions share the allowance of operations. */
function checkOperations({ compare, success, failure }: TxnRequest, allowed: number): void {
  const operations = Math.max(compare.length, success.length, failure.length);
  if (operations > allowed) throw tooManyOperations();
  for (const { key } of compare) if (key.length === 0) throw emptyKey();
  for (const operation of [...success, ...failure]) checkOperation(operation, allowed - operations);
}

function checkOperation({ request }: RequestOp, allowed: number): void {
  switch (request?.$case) {
    case "requestRange":
      checkRange(request.value);
      break;
    case "requestPut":
      checkPut(request.value);
      break;
    case "requestDeleteRange":
      checkDelete(request.value);
      break;
    case "requestTxn":
      checkOperations(request.value, allowed);
      break;
    default:
      throw keyNotFound();
  }
}

interface ChangedKeys {
  readonly puts: Set<Key>;
  readonly deletes: KeyRange[];
}

/**
 * Refuses lists of operations that put one key twice, or put a key that they delete. The branches of one nested
 * transaction exclude each other, so they may put the same key. As in etcd, a nested delete is not held against a put
 * nested in an earlier sibling.
 */
function changedKeys(operations: readonly RequestOp[]): ChangedKeys {
  const all = operations.map(({ request }) => request);
  const deletes = all.filter((request) => request?.$case === "requestDeleteRange").map(({ value }) => deleted(value));
  const puts = new Set<Key>();
  const add = (key: Key, except?: ReadonlySet<Key>) => {
    if (puts.has(key) && !except?.has(key)) throw duplicateKey();
    if (deletes.some((range) => contains(range, key))) throw duplicateKey();
    puts.add(key);
  };

  for (const request of all) {
    if (request?.$case !== "requestTxn") continue;
    const success = changedKeys(request.value.success);
    const failure = changedKeys(request.value.failure);
    for (const key of success.puts) add(key);
    for (const key of failure.puts) add(key, success.puts);
    deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const request of all) if (request?.$case === "requestPut") add(toKey(request.value.key));
  return { puts, deletes };
}

/** As in etcd, "everything from the key on" (a zero byte as range end) is not recognised here: it overlaps nothing. */
function deleted({ key, rangeEnd }: { key: Buffer; rangeEnd: Buffer }): KeyRange {
  return { from: toKey(key), to: rangeEnd.length > 0 ? toKey(rangeEnd) : `${toKey(key)}\0` };
}
