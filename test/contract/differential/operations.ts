import type { ServiceError } from "@grpc/grpc-js";
import fc from "fast-check";
import type { Compare, RangeRequest, RequestOp, TxnRequest } from "../../../src/proto/etcd.js";
import { type EtcdClient, op } from "../etcd-client.js";

export type Answer = unknown;

/** A random request; its revisions count from the one at which the sequence began. */
export type Operation = { run(client: EtcdClient, base: bigint): Promise<Answer> };

export const key = fc
  .constantFrom("", "\x00", "a", "aa", "ab", "b", "b\xff", "c", "\xff")
  .map((text) => Buffer.from(text, "latin1"));
/** Mostly a valid key: what is refused at once shows little. */
const usualKey = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "aa", "ab", "b", "c").map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: key },
);
const rangeEnd = fc.oneof(fc.constant(Buffer.alloc(0)), key);
const value = fc.constantFrom("", "x", "y", "z").map((text) => Buffer.from(text));
const lease = fc.constantFrom(0n, 0n, 0n, 1n, 2n, 3n);
const flag = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
/** Relative to the revision at which the sequence began; 0 stands for "now". */
const past = fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, { weight: 2, arbitrary: fc.bigInt(-3n, 30n) });
const bound = fc.oneof({ weight: 5, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.bigInt(1n, 20n) });

const range = fc.record({
  key: usualKey,
  rangeEnd,
  limit: fc.constantFrom(0n, 0n, 1n, 2n, 100n),
  revision: past,
  sortOrder: fc.constantFrom(0, 0, 1, 2),
  sortTarget: fc.constantFrom(0, 0, 1, 2, 3, 4),
  keysOnly: flag,
  countOnly: flag,
  minModRevision: bound,
  maxModRevision: bound,
  minCreateRevision: bound,
  maxCreateRevision: bound,
});
const put = fc.record({ key: usualKey, value, lease, prevKv: flag, ignoreValue: flag, ignoreLease: flag });
const remove = fc.record({ key: usualKey, rangeEnd, prevKv: flag });

const targetUnion = fc.oneof(
  fc.constant(undefined),
  fc.bigInt(0n, 3n).map((value) => ({ $case: "version" as const, value })),
  fc.bigInt(0n, 20n).map((value) => ({ $case: "modRevision" as const, value })),
  fc.bigInt(0n, 20n).map((value) => ({ $case: "createRevision" as const, value })),
  fc.bigInt(0n, 3n).map((value) => ({ $case: "lease" as const, value })),
  value.map((value) => ({ $case: "value" as const, value })),
);
const compare: fc.Arbitrary<Compare> = fc.record({
  key: usualKey,
  rangeEnd,
  target: fc.constantFrom(0, 1, 2, 3, 4),
  result: fc.constantFrom(0, 1, 2, 3),
  targetUnion,
});

const { txn } = fc.letrec<{ txn: TxnRequest; operations: RequestOp[] }>((tie) => ({
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 2 }),
    success: tie("operations"),
    failure: tie("operations"),
  }),
  operations: fc.array(
    fc.oneof(
      { maxDepth: 2, depthIdentifier: "txn" },
      range.map(op.range),
      put.map(op.put),
      remove.map(op.delete),
      tie("txn").map((request) => op.txn(request as TxnRequest)),
    ),
    { maxLength: 3, depthIdentifier: "txn" },
  ),
}));

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: put.map((request) => named("put", request, (client) => client.put(request))) },
  { weight: 2, arbitrary: remove.map((request) => named("delete", request, (client) => client.deleteRange(request))) },
  {
    weight: 4,
    arbitrary: range.map((request) => named("range", request, (client, base) => client.range(since(base, request)))),
  },
  {
    weight: 4,
    arbitrary: txn.map((request) =>
      named("txn", request, (client, base) => client.txn(txnSince(base, request)).catch(oneOfSeveral)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .bigInt(-2n, 20n)
      .map((after) =>
        named("compact", after, (client, base) => client.compact({ revision: base + after, physical: true })),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.bigInt(1n, 3n).map((ID) => named("grant", ID, (client) => client.grant({ ID, TTL: 600n }))),
  },
  { weight: 1, arbitrary: fc.bigInt(1n, 3n).map((ID) => named("revoke", ID, (client) => client.revoke(ID))) },
  {
    weight: 1,
    arbitrary: fc
      .record({ ID: fc.bigInt(1n, 3n), keys: fc.boolean() })
      .map((request) => named("timeToLive", request, (client) => client.timeToLive(request))),
  },
  { weight: 1, arbitrary: fc.constant(named("leases", {}, (client) => client.leases())) },
);

function named(name: string, request: unknown, run: Operation["run"]): Operation {
  const text = () => `${name} ${fc.stringify(request)}`;
  return { run, toString: text, [fc.toStringMethod]: text } as Operation;
}

function since<Request extends Pick<RangeRequest, "revision">>(base: bigint, request: Request): Request {
  return request.revision === 0n ? request : { ...request, revision: base + request.revision };
}

function txnSince(base: bigint, request: TxnRequest): TxnRequest {
  const shift = ({ request }: RequestOp): RequestOp => {
    if (request?.$case === "requestRange") return op.range(since(base, request.value));
    if (request?.$case === "requestTxn") return op.txn(txnSince(base, request.value));
    return { request };
  };
  return { compare: request.compare, success: request.success.map(shift), failure: request.failure.map(shift) };
}

/** A transaction may break several rules at once, and which one is named depends on the release. */
function oneOfSeveral(error: ServiceError): Answer {
  if (error.details.startsWith("etcdserver: ")) return "refused";
  throw error;
}
