import {
  type Compare,
  Compare_CompareResult as CompareResult,
  Compare_CompareTarget as CompareTarget,
  type KeyValue,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type ResponseOp,
  type TxnRequest,
  type TxnResponse,
} from "../../proto/etcd.js";
import { compacted, futureRevision } from "../errors.js";
import { NO_BYTES, toRange } from "../key-range.js";
import type { Leases } from "../leases.js";
import type { Store } from "../store.js";
import { checkLease, checkPrevious, deleteRange, put } from "./put-request.js";
import { compareBigints, range } from "./range-request.js";

/** A transaction whose comparisons are decided: nested ones too see the store as it was before the first change. */
interface Plan {
  readonly succeeded: boolean;
  readonly steps: readonly (Plan | Exclude<RequestOp["request"], { $case: "requestTxn" }>)[];
}

/**
 * Runs a checked transaction as one revision.
 * @throws EtcdError before anything is changed.
 */
export function txn(store: Store, leases: Leases, request: TxnRequest): TxnResponse {
  const plan = decide(store, request);
  for (const step of flatten(plan)) if (step?.$case === "requestPut") checkTxnPut(store, leases, step.value);
  for (const step of flatten(plan)) if (step?.$case === "requestRange") checkTxnRange(store, step.value);
  return store.transaction(() => ({ ...run(store, plan), header: innerHeader(store.revision) }));
}

function decide(store: Store, request: TxnRequest): Plan {
  const succeeded = request.compare.every((compare) => holds(store, compare));
  const operations = succeeded ? request.success : request.failure;
  const steps = operations.map(({ request }) =>
    request?.$case === "requestTxn" ? decide(store, request.value) : request,
  );
  return { succeeded, steps };
}

function* flatten({ steps }: Plan): Generator<Exclude<Plan["steps"][number], Plan>> {
  for (const step of steps) {
    if (isPlan(step)) yield* flatten(step);
    else yield step;
  }
}

function isPlan(step: Plan["steps"][number]): step is Plan {
  return step !== undefined && "steps" in step;
}

/** The order of the two is etcd's; in a Put on its own it is the other way round. */
function checkTxnPut(store: Store, leases: Leases, request: PutRequest): void {
  checkPrevious(store, request);
  checkLease(leases, request);
}

/** A revision of the transaction's own making cannot be asked for. */
function checkTxnRange(store: Store, { revision }: RangeRequest): void {
  if (revision > store.revision) throw futureRevision();
  if (revision !== 0n && revision < store.compactRevision) throw compacted();
}

function run(store: Store, plan: Plan): TxnResponse {
  const responses = plan.steps.map((step): ResponseOp => {
    if (isPlan(step)) return { response: { $case: "responseTxn", value: run(store, step) } };
    switch (step?.$case) {
      case "requestRange": {
        const answer = range(store, step.value);
        return { response: { $case: "responseRange", value: { header: innerHeader(store.revision), ...answer } } };
      }
      case "requestPut": {
        const before = put(store, step.value);
        const prevKv = step.value.prevKv ? before : undefined;
        return { response: { $case: "responsePut", value: { header: innerHeader(store.revision), prevKv } } };
      }
      case "requestDeleteRange": {
        const before = deleteRange(store, step.value);
        const answer = { deleted: BigInt(before.length), prevKvs: step.value.prevKv ? before : [] };
        return {
          response: { $case: "responseDeleteRange", value: { header: innerHeader(store.revision), ...answer } },
        };
      }
      default:
        return { response: undefined };
    }
  });
  return { header: innerHeader(0n), succeeded: plan.succeeded, responses };
}

/** Inside a transaction's answer headers carry a revision only, and that of a nested transaction not even this. */
function innerHeader(revision: bigint) {
  return { clusterId: 0n, memberId: 0n, revision, raftTerm: 0n };
}

/** Whether a comparison holds for all keys it names. A missing key compares as one of zeros, but has no value. */
function holds(store: Store, compare: Compare): boolean {
  const kvs = store.range(toRange(compare.key, compare.rangeEnd));
  if (kvs.length > 0) return kvs.every((kv) => compareKv(compare, kv));
  return compare.target !== CompareTarget.VALUE && compareKv(compare, MISSING);
}

const MISSING: KeyValue = {
  key: NO_BYTES,
  createRevision: 0n,
  modRevision: 0n,
  version: 0n,
  value: NO_BYTES,
  lease: 0n,
};

const NUMBERS = {
  [CompareTarget.VERSION]: "version",
  [CompareTarget.CREATE]: "createRevision",
  [CompareTarget.MOD]: "modRevision",
  [CompareTarget.LEASE]: "lease",
} as const;

/** An operand that is missing, or of another kind than the target, counts as zero or as empty. */
function compareKv({ target, targetUnion: wanted, result }: Compare, kv: KeyValue): boolean {
  let order: number;
  if (target === CompareTarget.VALUE) {
    order = kv.value.compare(wanted?.$case === "value" ? wanted.value : NO_BYTES);
  } else {
    const field = NUMBERS[target];
    order = compareBigints(kv[field], wanted?.$case === field ? (wanted.value as bigint) : 0n);
  }
  switch (result) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
  }
}
