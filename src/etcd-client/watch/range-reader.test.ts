import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeyValue, type RangeRequest, RangeResponse, type TxnRequest, TxnResponse } from "../../proto/etcd.js";
import { EtcdError } from "../errors.js";
import { type KeyRange, prefixRange } from "../key-range.js";
import { MessageTooLong } from "../rpc/frames.js";
import { Status } from "../rpc/status.js";
import type { CallOptions, Session } from "../session.js";
import { RangeReader } from "./range-reader.js";

const HOST = "10.0.0.1:2379";

/** An etcd with keys of given sizes, in bytes, whose revision grows with every call, as if others were writing. */
class SizedEtcd {
  readonly calls: string[] = [];
  /** The revisions that were asked for. */
  readonly readAt = new Set<bigint>();
  /** Fails these calls, by their kind. */
  failing: { kind: "range" | "txn"; code: number } | undefined;
  readonly #sizes: ReadonlyMap<string, number>;
  #revision = 10n;

  constructor(sizes: Record<string, number>) {
    this.#sizes = new Map(Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get session(): Session {
    return {
      host: HOST,
      call: (_: unknown, request: RangeRequest | TxnRequest, options?: CallOptions) => {
        return this.#call(request, options);
      },
    } as unknown as Session;
  }

  async #call(request: RangeRequest | TxnRequest, { maxAnswerBytes = Number.POSITIVE_INFINITY }: CallOptions = {}) {
    const kind = "success" in request ? "txn" : "range";
    this.#revision += 1n;
    const ranges =
      "success" in request
        ? request.success.map(({ request: op }) => (op as { value: RangeRequest }).value)
        : [request];
    this.calls.push(`${kind} ${ranges.length}${"countOnly" in request && request.countOnly ? " count" : ""}`);
    if (this.failing?.kind === kind) throw new EtcdError(HOST, this.failing.code, "it was told to fail");
    const header = { revision: this.#revision };
    const answers = ranges.map((range) => RangeResponse.fromPartial({ header, ...this.#range(range) }));
    const bytes = answers.flatMap(({ kvs }) => kvs).reduce((sum, kv) => sum + this.#sizes.get(kv.key.toString())!, 0);
    if (bytes > maxAnswerBytes) {
      const cause = new MessageTooLong(bytes, maxAnswerBytes);
      throw new EtcdError(HOST, Status.RESOURCE_EXHAUSTED, cause.message, "", { cause });
    }
    if (kind === "range") return answers[0]!;
    const responses = answers.map((value) => ({ response: { $case: "responseRange", value } as const }));
    return TxnResponse.fromPartial({ header, succeeded: true, responses });
  }

  #range({ key, rangeEnd, limit, countOnly, revision }: RangeRequest) {
    if (revision > 0n) this.readAt.add(revision);
    const all = [...this.#sizes.keys()].filter((one) => one >= key.toString() && one < rangeEnd.toString());
    const shown = countOnly ? [] : limit > 0n ? all.slice(0, Number(limit)) : all;
    const kvs = shown.map((one) => ({ key: Buffer.from(one), modRevision: 1n }) as KeyValue);
    return { kvs, more: !countOnly && shown.length < all.length, count: BigInt(all.length) };
  }
}

const keysOf = ({ kvs }: { kvs: readonly KeyValue[] }) => kvs.map(({ key }) => key.toString());
const numbered = (prefix: string, count: number, bytes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}/${String(i).padStart(5, "0")}`, bytes]));

function read(etcd: SizedEtcd, ...prefixes: string[]) {
  const reader = new RangeReader(etcd.session);
  return Promise.allSettled(prefixes.map((prefix) => reader.read(range(prefix))));
}

const range = (prefix: string): KeyRange => prefixRange(`${prefix}/`);

test("ranges asked for together are one call", async () => {
  const etcd = new SizedEtcd({ ...numbered("a", 3, 100), ...numbered("b", 2, 100) });
  const results = await read(etcd, "a", "b", "c");
  assert.deepEqual(
    results.map((result) => result.status === "fulfilled" && result.value.kvs.length),
    [3, 2, 0],
  );
  assert.deepEqual(etcd.calls, ["txn 3"]);
});

test("a range of many keys is read page by page at one revision, whole and in order", async () => {
  const sizes = numbered("many", 3_500, 100);
  const etcd = new SizedEtcd(sizes);
  const [result] = await read(etcd, "many");
  assert.ok(result?.status === "fulfilled");
  assert.deepEqual(keysOf(result.value), Object.keys(sizes));
  assert.deepEqual([...etcd.readAt], [result.value.revision], "further pages are those of the first one's revision");
  assert.equal(etcd.calls.length, 4);
});

test("a range of large values keeps no other from being read, and is read in pieces that fit", async () => {
  const sizes = { ...numbered("huge", 60, 900_000), ...numbered("small", 2, 100), ...numbered("tiny", 1, 100) };
  const etcd = new SizedEtcd(sizes);
  const results = await read(etcd, "huge", "small", "tiny");
  assert.deepEqual(
    results.map((result) => result.status === "fulfilled" && result.value.kvs.length),
    [60, 2, 1],
  );
});

test("a single value larger than an answer should be is read all the same", async () => {
  const [result] = await read(new SizedEtcd({ ...numbered("one", 2, 30_000_000) }), "one");
  assert.equal(result?.status === "fulfilled" && result.value.kvs.length, 2);
});

test("a call for several ranges that fails is repeated for each by itself, unless the connection is lost", async () => {
  const etcd = new SizedEtcd({ ...numbered("a", 1, 100), ...numbered("b", 1, 100) });
  for (const code of [Status.DEADLINE_EXCEEDED, Status.PERMISSION_DENIED, Status.INVALID_ARGUMENT]) {
    etcd.failing = { kind: "txn", code };
    const results = await read(etcd, "a", "b");
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "fulfilled"],
      String(code),
    );
  }
  etcd.failing = { kind: "txn", code: Status.UNAVAILABLE };
  etcd.calls.splice(0);
  const lost = await read(etcd, "a", "b");
  assert.deepEqual(
    lost.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.deepEqual(etcd.calls, ["txn 2"]);
});
