import { PutRequest, TxnRequest } from "../../proto/etcd.js";
import type { KVServer } from "../../proto/etcd-services.js";
import { unary } from "../calls.js";
import { requestTooLarge } from "../errors.js";
import type { Admission } from "../faults/admission.js";
import type { Identity } from "../identity.js";
import type { Leases } from "../leases.js";
import type { Store } from "../store.js";
import { checkDelete, checkLease, checkPrevious, checkPut, deleteRange, put } from "./put-request.js";
import { checkRange, range } from "./range-request.js";
import { checkTxn } from "./txn-check.js";
import { txn } from "./txn-request.js";

/** etcd's default of --max-request-bytes. */
const MAX_REQUEST_BYTES = 1.5 * 1024 * 1024;

export function kvService(admission: Admission, identity: Identity, store: Store, leases: Leases): KVServer {
  const header = () => identity.header(store.revision);
  return {
    range: unary(admission, "Range", (request) => {
      checkRange(request);
      return { header: header(), ...range(store, request) };
    }),
    put: unary(admission, "Put", (request) => {
      checkPut(request);
      checkSize(PutRequest.encode(request).finish());
      checkLease(leases, request);
      checkPrevious(store, request);
      const before = store.transaction(() => put(store, request));
      return { header: header(), prevKv: request.prevKv ? before : undefined };
    }),
    deleteRange: unary(admission, "DeleteRange", (request) => {
      checkDelete(request);
      const before = store.transaction(() => deleteRange(store, request));
      return { header: header(), deleted: BigInt(before.length), prevKvs: request.prevKv ? before : [] };
    }),
    txn: unary(admission, "Txn", (request) => {
      checkTxn(request);
      checkSize(TxnRequest.encode(request).finish());
      return { ...txn(store, leases, request), header: header() };
    }),
    compact: unary(admission, "Compact", ({ revision }) => {
      store.compact(revision);
      return { header: header() };
    }),
  };
}

function checkSize(encoded: Uint8Array): void {
  if (encoded.length > MAX_REQUEST_BYTES) throw requestTooLarge();
}
