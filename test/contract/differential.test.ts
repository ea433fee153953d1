import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import fc from "fast-check";
import {
  type Compare,
  type Event,
  Event_EventType,
  type RangeRequest,
  type RequestOp,
  type ResponseHeader,
  type TxnRequest,
  type WatchCreateRequest,
  WatchCreateRequest_FilterType,
} from "../../src/proto/etcd.js";
import { EtcdClient, op } from "./etcd-client.js";
import { REGISTRIES } from "./registries.js";

/**
 * The same random operations against the dev registry and a real etcd must get the same answers. Both begin empty and
 * get nothing else, so revisions are equal as they stand; what differs by nature (ids of cluster and member, raft's term,
 * seconds left) is made equal first. FUZZ_RUNS sets the number of sequences, default 60.
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 60);

const { PUT } = Event_EventType;
const { NOPUT, NODELETE } = WatchCreateRequest_FilterType;
const EVERYTHING = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };
const SENTINEL = Buffer.from("\xff\xff", "latin1");

type Answer = unknown;
type Operation = { run(client: EtcdClient, base: bigint): Promise<Answer> };

const key = fc
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

const operation: fc.Arbitrary<Operation> = fc.oneof(
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

interface HistoryWatch {
  /** How many revisions before the end of the sequence it begins. */
  readonly back: bigint;
  readonly from: Buffer;
  readonly filters: WatchCreateRequest["filters"];
  readonly prevKv: boolean;
}

const watch: fc.Arbitrary<HistoryWatch> = fc.record({
  back: fc.bigInt(1n, 30n), // at least the sentinel's put, which every filter but one lets through
  from: key,
  filters: fc.constantFrom<WatchCreateRequest["filters"]>([], [NOPUT], [NODELETE]),
  prevKv: fc.boolean(),
});

const [dev, real] = REGISTRIES;

test("random operations get the same answers from both", { skip: real!.skip }, async (t) => {
  const registries = [await dev!.start(), await real!.start()];
  const clients = registries.map(({ endpoint }) => new EtcdClient(endpoint));
  t.after(async () => {
    for (const client of clients) client.close();
    await Promise.all(registries.map((registry) => registry.stop()));
  });
  const both = async (ask: (client: EtcdClient) => Promise<Answer>) => {
    const [ours, theirs] = await Promise.all(clients.map((client) => outcome(ask(client))));
    return { ours, theirs };
  };

  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 40, size: "max" }),
      fc.array(watch, { maxLength: 3 }),
      async (steps, watches) => {
        const bases = await Promise.all(clients.map(startOver));
        assert.equal(bases[0], bases[1]);
        const base = bases[0]!;
        for (const step of steps) {
          const { ours, theirs } = await both((client) => step.run(client, base));
          assert.deepEqual(ours, theirs, String(step));
        }
        for (const wanted of watches) {
          const { ours, theirs } = await both((client) => history(client, wanted));
          assert.deepEqual(ours, theirs, "watch");
        }
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000 },
  );
});

function named(name: string, request: unknown, run: Operation["run"]): Operation {
  const text = () => `${name} ${fc.stringify(request)}`;
  return { run, toString: text, [fc.toStringMethod]: text } as Operation;
}

/** Empties a registry and returns its revision; a new put makes sure that both have one. */
async function startOver(client: EtcdClient): Promise<bigint> {
  for (const ID of [1n, 2n, 3n]) await client.revoke(ID).catch(() => {});
  await client.deleteRange(EVERYTHING);
  await client.put({ key: SENTINEL });
  return (await client.deleteRange(EVERYTHING)).header!.revision;
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

/** All events of a watch that begins in the past, up to a sentinel that is put and deleted now, or the compaction that ends it. */
async function history(client: EtcdClient, { back, from, filters, prevKv }: HistoryWatch): Promise<Answer> {
  await client.put({ key: SENTINEL });
  const { revision } = (await client.deleteRange({ key: SENTINEL })).header!;
  const stream = client.watch();
  try {
    const startRevision = revision > back ? revision - back : 1n; // 0 would mean now
    const created = await stream.created({ key: from, rangeEnd: EVERYTHING.rangeEnd, startRevision, filters, prevKv });
    const last = filters.includes(NODELETE) ? revision - 1n : revision;
    const events: Event[] = [];
    while ((events.at(-1)?.kv?.modRevision ?? 0n) < last) {
      const response = await stream.next();
      if (response.canceled) return [created, response];
      events.push(...response.events);
    }
    // A deletion at the very revision of a compaction is still told by etcd 3.5.19 and later, but not by older ones.
    return [created, events.filter(({ type, kv }) => type === PUT || kv!.modRevision > startRevision)];
  } finally {
    stream.close();
  }
}

/** A transaction may break several rules at once, and which one is named depends on the release. */
function oneOfSeveral(error: ServiceError): Answer {
  if (error.details.startsWith("etcdserver: ")) return "refused";
  throw error;
}

/** An answer or an error, without what differs by nature. */
async function outcome(answer: Promise<Answer>): Promise<Answer> {
  try {
    return comparable(await answer);
  } catch (error) {
    const { code, details } = error as ServiceError;
    if (code === undefined) throw error;
    return { code, details };
  }
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, content]) => {
      if (field === "header") return [field, content && (content as ResponseHeader).revision];
      if (field === "TTL") return [field, (content as bigint) > 0n];
      if (field === "keys" || field === "leases") return [field, (content as unknown[]).map(fc.stringify).sort()];
      return [field, comparable(content)];
    }),
  );
}
