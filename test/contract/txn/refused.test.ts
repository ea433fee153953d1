import assert from "node:assert/strict";
import { Compare_CompareResult as Result, Compare_CompareTarget as Target } from "../../../src/proto/etcd.js";
import { fails, op } from "../etcd-client.js";
import { contract } from "../registries.js";
import { compare } from "./compare.js";

const bytes = (text: string) => Buffer.from(text);

contract("refused transactions", (promise) => {
  promise("no key is changed twice, except in branches that exclude each other", async ({ client, key, end }) => {
    const put = (name: string) => op.put({ key: key(name) });
    const duplicates = [
      [put("a"), put("a")],
      [put("b"), op.delete({ key: key("a"), rangeEnd: end })],
      [op.delete({ key: key("b") }), put("b")],
      [op.txn({ success: [put("a")] }), put("a")],
      [op.txn({ success: [put("a")] }), op.txn({ failure: [put("a")] })],
      [op.txn({ success: [op.delete({ key: key("a") })] }), put("a")],
      [op.delete({ key: key("a") }), op.txn({ failure: [put("a")] })],
      [op.txn({ success: [op.delete({ key: key("a") })] }), op.txn({ success: [put("a")] })],
    ];
    for (const operations of duplicates) {
      for (const request of [{ success: operations }, { failure: operations }]) {
        await fails(client.txn(request), "INVALID_ARGUMENT", "etcdserver: duplicate key given in txn request");
      }
    }
    for (const success of [
      [op.txn({ success: [put("a")], failure: [put("a")] })],
      [op.delete({ key: key("a") }), op.delete({ key: key("a"), rangeEnd: end }), put("\x00")],
      [op.delete({ key: key("a"), rangeEnd: key("b") }), put("b")],
    ]) {
      assert.equal((await client.txn({ success })).succeeded, true);
    }
  });

  promise("an invalid operation refuses the whole, whichever branch it is in", async ({ client, key }) => {
    const empty = bytes("");
    for (const [operation, details] of [
      [op.range({ key: empty }), "etcdserver: key is not provided"],
      [op.put({ key: empty }), "etcdserver: key is not provided"],
      [op.delete({ key: empty }), "etcdserver: key is not provided"],
      [op.put({ key: key("a"), ignoreValue: true, value: bytes("x") }), "etcdserver: value is provided"],
      [op.put({ key: key("a"), ignoreLease: true, lease: 1n }), "etcdserver: lease is provided"],
      [{ request: undefined }, "etcdserver: key not found"],
      [op.txn({ compare: [compare(empty, Target.MOD, Result.EQUAL)] }), "etcdserver: key is not provided"],
    ] as const) {
      for (const request of [{ success: [operation] }, { failure: [operation] }]) {
        await fails(client.txn(request), "INVALID_ARGUMENT", details);
      }
    }
    const comparison = compare(empty, Target.MOD, Result.EQUAL);
    await fails(client.txn({ compare: [comparison] }), "INVALID_ARGUMENT", "etcdserver: key is not provided");
  });

  promise("what only the store can refuse changes nothing either", async ({ client, key, end }) => {
    const { revision } = (await client.put({ key: key("a") })).header!;
    const change = op.put({ key: key("changed") });
    const missing = op.put({ key: key("missing"), ignoreValue: true });
    const leased = op.put({ key: key("a"), lease: 987654321n });
    const future = op.range({ key: key("a"), revision: revision + 1n });
    const gone = op.range({ key: key("a"), revision: revision - 1n });
    await client.compact({ revision });
    const notFound = "etcdserver: requested lease not found";
    const compacted = "etcdserver: mvcc: required revision has been compacted";
    const isFuture = "etcdserver: mvcc: required revision is a future revision";
    await fails(client.txn({ success: [change, missing] }), "INVALID_ARGUMENT", "etcdserver: key not found");
    await fails(client.txn({ success: [change, leased] }), "NOT_FOUND", notFound);
    await fails(client.txn({ success: [change, future] }), "OUT_OF_RANGE", isFuture);
    await fails(client.txn({ success: [gone, change] }), "OUT_OF_RANGE", compacted);
    await fails(client.txn({ success: [gone] }), "OUT_OF_RANGE", compacted);
    await fails(client.txn({ success: [op.txn({ success: [leased] })] }), "NOT_FOUND", notFound);
    const { header, count } = await client.range({ key: key(""), rangeEnd: end });
    assert.deepEqual([header!.revision, count], [revision, 1n]);
    // In the branch that does not run they do no harm.
    assert.equal((await client.txn({ failure: [missing, leased, future, gone] })).succeeded, true);
  });

  promise("a transaction has at most 128 operations, nested ones included", async ({ client, key }) => {
    const reads = (count: number) => Array.from({ length: count }, () => op.range({ key: key("a") }));
    const tooMany = "etcdserver: too many operations in txn request";
    assert.equal((await client.txn({ success: reads(128) })).responses.length, 128);
    await fails(client.txn({ success: reads(129) }), "INVALID_ARGUMENT", tooMany);
    await fails(client.txn({ failure: reads(129) }), "INVALID_ARGUMENT", tooMany);
    await client.txn({ success: [...reads(27), op.txn({ success: reads(100) })] });
    await fails(client.txn({ success: [...reads(28), op.txn({ success: reads(100) })] }), "INVALID_ARGUMENT", tooMany);
  });
});
