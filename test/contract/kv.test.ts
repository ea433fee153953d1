import assert from "node:assert/strict";
import {
  type KeyValue,
  RangeRequest_SortOrder as SortOrder,
  RangeRequest_SortTarget as SortTarget,
} from "../../src/proto/etcd.js";
import { fails } from "./etcd-client.js";
import { contract } from "./registries.js";

const bytes = (text: string) => Buffer.from(text, "latin1");
const names = (kvs: readonly KeyValue[]) => kvs.map(({ key }) => key.toString("latin1").split("/")[1]);
const NOT_FOUND_LEASE = 987654321n;

contract("keys and values", (promise) => {
  promise("every put makes one revision and counts versions from 1", async ({ client, key }) => {
    const first = await client.put({ key: key("a"), value: bytes("1") });
    const second = await client.put({ key: key("a"), value: bytes("2") });
    const { revision } = first.header!;
    assert.equal(second.header!.revision, revision + 1n);
    const { kvs, header, count, more } = await client.range({ key: key("a") });
    assert.deepEqual(kvs, [
      {
        key: key("a"),
        value: bytes("2"),
        createRevision: revision,
        modRevision: revision + 1n,
        version: 2n,
        lease: 0n,
      },
    ]);
    assert.deepEqual([header!.revision, count, more], [revision + 1n, 1n, false]);
    assert.notEqual(header!.clusterId, 0n);
    assert.notEqual(header!.memberId, 0n);
    assert.ok(header!.raftTerm > 0n);
  });

  promise("a deleted key begins again at version 1", async ({ client, key }) => {
    await client.put({ key: key("a") });
    const deleted = await client.deleteRange({ key: key("a") });
    assert.equal(deleted.deleted, 1n);
    const again = await client.put({ key: key("a"), prevKv: true });
    assert.equal(again.prevKv, undefined);
    const [kv] = (await client.range({ key: key("a") })).kvs;
    assert.equal(kv!.version, 1n);
    assert.equal(kv!.createRevision, again.header!.revision);
  });

  promise("prev_kv gives what was there before", async ({ client, key }) => {
    const first = await client.put({ key: key("a"), value: bytes("1"), prevKv: true });
    assert.equal(first.prevKv, undefined);
    const second = await client.put({ key: key("a"), value: bytes("2"), prevKv: true });
    assert.deepEqual([second.prevKv!.value, second.prevKv!.modRevision], [bytes("1"), first.header!.revision]);
    assert.equal((await client.put({ key: key("a") })).prevKv, undefined);
  });

  promise("ignore_value and ignore_lease keep what the key has", async ({ client, key }) => {
    const { ID: lease } = await client.grant({ TTL: 60n });
    await client.put({ key: key("a"), value: bytes("1"), lease });
    await client.put({ key: key("a"), ignoreValue: true });
    assert.deepEqual(
      (await client.range({ key: key("a") })).kvs.map(({ value, lease }) => [value, lease]),
      [[bytes("1"), 0n]],
    );
    await client.put({ key: key("a"), value: bytes("2"), lease });
    await client.put({ key: key("a"), value: bytes("3"), ignoreLease: true });
    assert.deepEqual(
      (await client.range({ key: key("a") })).kvs.map(({ value, lease }) => [value, lease]),
      [[bytes("3"), lease]],
    );
    await client.revoke(lease);
  });

  promise("a put that contradicts itself or the store is refused", async ({ client, key }) => {
    const put = (request: Parameters<typeof client.put>[0]) => client.put({ key: key("a"), ...request });
    await fails(put({ key: bytes("") }), "INVALID_ARGUMENT", "etcdserver: key is not provided");
    await fails(put({ ignoreValue: true, value: bytes("x") }), "INVALID_ARGUMENT", "etcdserver: value is provided");
    await fails(put({ ignoreLease: true, lease: 1n }), "INVALID_ARGUMENT", "etcdserver: lease is provided");
    await fails(put({ ignoreValue: true }), "INVALID_ARGUMENT", "etcdserver: key not found");
    await fails(put({ ignoreLease: true }), "INVALID_ARGUMENT", "etcdserver: key not found");
    await fails(put({ lease: NOT_FOUND_LEASE }), "NOT_FOUND", "etcdserver: requested lease not found");
    await fails(
      put({ lease: NOT_FOUND_LEASE, ignoreValue: true }),
      "NOT_FOUND",
      "etcdserver: requested lease not found",
    );
    assert.equal((await client.range({ key: key("a") })).count, 0n);
  });

  promise("a request too large is refused, one of a mebibyte is not", async ({ client, key }) => {
    await client.put({ key: key("a"), value: Buffer.alloc(1024 * 1024) });
    await fails(
      client.put({ key: key("a"), value: Buffer.alloc(1.6 * 1024 * 1024) }),
      "INVALID_ARGUMENT",
      "etcdserver: request is too large",
    );
    await fails(client.put({ key: key("a"), value: Buffer.alloc(3 * 1024 * 1024) }), "RESOURCE_EXHAUSTED");
  });

  promise("a range is a key, an interval, or everything from a key on", async ({ client, key, end }) => {
    for (const name of ["b", "a", "c\xff", "c", "\x00"]) await client.put({ key: key(name) });
    const range = async (from: Buffer, rangeEnd: Buffer) => names((await client.range({ key: from, rangeEnd })).kvs);
    assert.deepEqual(await range(key("b"), bytes("")), ["b"]);
    assert.deepEqual(await range(key("missing"), bytes("")), []);
    assert.deepEqual(await range(key(""), end), ["\x00", "a", "b", "c", "c\xff"]);
    assert.deepEqual(await range(key("b"), key("c")), ["b"]);
    assert.deepEqual(await range(key("c"), key("b")), []);
    assert.deepEqual(await range(key("b"), key("b")), []);
    assert.deepEqual((await range(key("c"), bytes("\x00"))).slice(0, 2), ["c", "c\xff"]);
    const everything = await client.range({ key: bytes("\x00"), rangeEnd: bytes("\x00"), countOnly: true });
    assert.ok(everything.count >= 5n);
    await fails(client.range({ key: bytes(""), rangeEnd: end }), "INVALID_ARGUMENT", "etcdserver: key is not provided");
  });

  promise("a limit cuts the list, tells of more, and leaves the count", async ({ client, key, end }) => {
    for (const name of ["a", "b", "c"]) await client.put({ key: key(name) });
    const range = { key: key(""), rangeEnd: end };
    for (const [limit, listed, more] of [
      [0n, ["a", "b", "c"], false],
      [-1n, ["a", "b", "c"], false],
      [2n, ["a", "b"], true],
      [3n, ["a", "b", "c"], false],
      [4n, ["a", "b", "c"], false],
    ] as const) {
      const response = await client.range({ ...range, limit });
      assert.deepEqual([names(response.kvs), response.more, response.count], [listed, more, 3n], `limit ${limit}`);
    }
    const counted = await client.range({ ...range, countOnly: true, limit: 1n });
    assert.deepEqual([counted.kvs, counted.more, counted.count], [[], false, 3n]);
  });

  promise("keys_only leaves the values out and everything else in", async ({ client, key }) => {
    await client.put({ key: key("a"), value: bytes("1") });
    const [whole] = (await client.range({ key: key("a") })).kvs;
    const [bare] = (await client.range({ key: key("a"), keysOnly: true })).kvs;
    assert.deepEqual(bare, { ...whole, value: bytes("") });
  });

  promise("a range is sorted by what is asked for, before it is cut", async ({ client, key, end }) => {
    for (const [name, value] of [
      ["a", "3"],
      ["b", "1"],
      ["c", "2"],
      ["b", "4"],
      ["a", "5"],
      ["b", "0"],
    ] as const) {
      await client.put({ key: key(name), value: bytes(value) });
    }
    for (const [sortTarget, ascending] of [
      [SortTarget.KEY, ["a", "b", "c"]],
      [SortTarget.VERSION, ["c", "a", "b"]],
      [SortTarget.CREATE, ["a", "b", "c"]],
      [SortTarget.MOD, ["c", "a", "b"]],
      [SortTarget.VALUE, ["b", "c", "a"]],
    ] as const) {
      const sorted = async (sortOrder: SortOrder, limit = 0n) =>
        names((await client.range({ key: key(""), rangeEnd: end, sortTarget, sortOrder, limit })).kvs);
      assert.deepEqual(await sorted(SortOrder.ASCEND), ascending);
      assert.deepEqual(await sorted(SortOrder.NONE), ascending);
      assert.deepEqual(await sorted(SortOrder.DESCEND), ascending.toReversed());
      assert.deepEqual(await sorted(SortOrder.DESCEND, 1n), ascending.slice(-1));
    }
  });

  promise("revision bounds filter the list, not the count", async ({ client, key, end }) => {
    const revisions: bigint[] = [];
    for (const name of ["a", "b", "c", "a"]) revisions.push((await client.put({ key: key(name) })).header!.revision);
    const range = async (bounds: object) => {
      const { kvs, count } = await client.range({ key: key(""), rangeEnd: end, ...bounds });
      assert.equal(count, 3n);
      return names(kvs);
    };
    assert.deepEqual(await range({ minModRevision: revisions[2] }), ["a", "c"]);
    assert.deepEqual(await range({ maxModRevision: revisions[2] }), ["b", "c"]);
    assert.deepEqual(await range({ minCreateRevision: revisions[1] }), ["b", "c"]);
    assert.deepEqual(await range({ maxCreateRevision: revisions[1] }), ["a", "b"]);
    assert.deepEqual(await range({ minModRevision: revisions[1], maxModRevision: revisions[2], limit: 1n }), ["b"]);
  });

  promise("the past can be read, the future cannot", async ({ client, key }) => {
    const first = (await client.put({ key: key("a"), value: bytes("1") })).header!.revision;
    await client.put({ key: key("a"), value: bytes("2") });
    const gone = (await client.deleteRange({ key: key("a") })).header!.revision;
    const at = async (revision: bigint) => (await client.range({ key: key("a"), revision })).kvs[0]?.value;
    assert.deepEqual(
      [await at(first - 1n), await at(first), await at(first + 1n), await at(gone), await at(-7n)],
      [undefined, bytes("1"), bytes("2"), undefined, undefined],
    );
    const past = await client.range({ key: key("a"), revision: first });
    assert.deepEqual([past.header!.revision, past.count], [gone, 1n]);
    await fails(at(gone + 100n), "OUT_OF_RANGE", "etcdserver: mvcc: required revision is a future revision");
  });

  promise(
    "a delete counts what it took, gives it back if asked, and is no revision when there was nothing",
    async ({ client, key, end }) => {
      for (const name of ["a", "b", "c"]) await client.put({ key: key(name), value: bytes(name) });
      const two = await client.deleteRange({ key: key("a"), rangeEnd: key("c"), prevKv: true });
      assert.deepEqual([two.deleted, names(two.prevKvs)], [2n, ["a", "b"]]);
      assert.deepEqual(two.prevKvs[0]!.value, bytes("a"));
      const none = await client.deleteRange({ key: key("a"), rangeEnd: key("c"), prevKv: true });
      assert.deepEqual([none.deleted, none.prevKvs, none.header!.revision], [0n, [], two.header!.revision]);
      const last = await client.deleteRange({ key: key(""), rangeEnd: end });
      assert.deepEqual([last.deleted, last.prevKvs, last.header!.revision], [1n, [], two.header!.revision + 1n]);
      await fails(client.deleteRange({ rangeEnd: end }), "INVALID_ARGUMENT", "etcdserver: key is not provided");
    },
  );

  promise("a compaction forgets what was before it, and what it cannot do it refuses", async ({ client, key }) => {
    const first = (await client.put({ key: key("a"), value: bytes("1") })).header!.revision;
    const second = (await client.put({ key: key("a"), value: bytes("2") })).header!.revision;
    const third = (await client.put({ key: key("a"), value: bytes("3") })).header!.revision;
    const compaction = await client.compact({ revision: second, physical: true });
    assert.equal(compaction.header!.revision, third);
    const at = async (revision: bigint) => (await client.range({ key: key("a"), revision })).kvs[0]?.value;
    assert.deepEqual([await at(second), await at(third)], [bytes("2"), bytes("3")]);
    const gone = "etcdserver: mvcc: required revision has been compacted";
    const future = "etcdserver: mvcc: required revision is a future revision";
    await fails(at(first), "OUT_OF_RANGE", gone);
    await fails(client.compact({ revision: second }), "OUT_OF_RANGE", gone);
    await fails(client.compact({ revision: 0n }), "OUT_OF_RANGE", gone);
    await fails(client.compact({ revision: third + 1n }), "OUT_OF_RANGE", future);
  });
});
