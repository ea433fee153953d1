import assert from "node:assert/strict";
import {
  type Compare,
  type ResponseOp,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
} from "../../src/proto/etcd.js";
import { fails, op } from "./etcd-client.js";
import { contract } from "./registries.js";

const bytes = (text: string) => Buffer.from(text);

type Wanted = NonNullable<Compare["targetUnion"]>;
const compare = (
  key: Buffer,
  target: Target,
  result: Result,
  targetUnion?: Wanted,
  rangeEnd: Buffer = bytes(""),
): Compare => ({
  key,
  target,
  result,
  targetUnion,
  rangeEnd,
});

/** What an operation answered, as its kind and its header's revision. */
const summary = ({ response }: ResponseOp) => [response?.$case, response?.value.header?.revision];

contract("transactions", (promise) => {
  promise("one transaction is one revision, and later operations see earlier ones", async ({ client, key, end }) => {
    const { revision } = (await client.put({ key: key("a"), value: bytes("0") })).header!;
    const all = { key: key(""), rangeEnd: end };
    const { header, succeeded, responses } = await client.txn({
      success: [
        op.range(all),
        op.put({ key: key("b"), value: bytes("1"), prevKv: true }),
        op.range(all),
        op.delete({ key: key("a"), prevKv: true }),
        op.range(all),
      ],
    });
    assert.equal(succeeded, true);
    assert.equal(header!.revision, revision + 1n);
    assert.deepEqual(responses.map(summary), [
      ["responseRange", revision],
      ["responsePut", revision + 1n],
      ["responseRange", revision + 1n],
      ["responseDeleteRange", revision + 1n],
      ["responseRange", revision + 1n],
    ]);
    const counts = responses.flatMap(({ response }) =>
      response?.$case === "responseRange" ? [response.value.count] : [],
    );
    assert.deepEqual(counts, [1n, 2n, 1n]);
    const [kv] = (await client.range(all)).kvs;
    assert.deepEqual([kv!.createRevision, kv!.modRevision, kv!.version], [revision + 1n, revision + 1n, 1n]);
  });

  promise("a transaction that changes nothing is no revision", async ({ client, key, end }) => {
    const { revision } = (await client.put({ key: key("a") })).header!;
    for (const success of [
      [],
      [op.range({ key: key("a") })],
      [op.delete({ key: key("none") })],
      [op.txn({ success: [op.delete({ key: key("b"), rangeEnd: end })] })],
    ]) {
      const { header, succeeded } = await client.txn({ success });
      assert.deepEqual([header!.revision, succeeded], [revision, true]);
    }
  });

  promise("every target compares in every way", async ({ client, key }) => {
    const { ID: lease } = await client.grant({ TTL: 60n });
    const create = (await client.put({ key: key("a"), value: bytes("x") })).header!.revision;
    const mod = (await client.put({ key: key("a"), value: bytes("m"), lease })).header!.revision;
    const targets: [Target, less: Wanted, equal: Wanted, more: Wanted][] = [
      [
        Target.VERSION,
        { $case: "version", value: 1n },
        { $case: "version", value: 2n },
        { $case: "version", value: 3n },
      ],
      [
        Target.CREATE,
        { $case: "createRevision", value: create - 1n },
        { $case: "createRevision", value: create },
        { $case: "createRevision", value: mod },
      ],
      [
        Target.MOD,
        { $case: "modRevision", value: create },
        { $case: "modRevision", value: mod },
        { $case: "modRevision", value: mod + 1n },
      ],
      [
        Target.VALUE,
        { $case: "value", value: bytes("a") },
        { $case: "value", value: bytes("m") },
        { $case: "value", value: bytes("mm") },
      ],
      [
        Target.LEASE,
        { $case: "lease", value: lease - 1n },
        { $case: "lease", value: lease },
        { $case: "lease", value: lease + 1n },
      ],
    ];
    for (const [target, less, equal, more] of targets) {
      const holds = async (result: Result, wanted: Wanted) =>
        (await client.txn({ compare: [compare(key("a"), target, result, wanted)] })).succeeded;
      for (const [result, expected] of [
        [Result.EQUAL, [false, true, false]],
        [Result.NOT_EQUAL, [true, false, true]],
        [Result.GREATER, [true, false, false]],
        [Result.LESS, [false, false, true]],
      ] as const) {
        assert.deepEqual(
          [await holds(result, less), await holds(result, equal), await holds(result, more)],
          expected,
          `target ${target}, result ${result}`,
        );
      }
    }
    await client.revoke(lease);
  });

  promise(
    "a missing key compares as zeros and has no value; a missing or foreign operand is zero",
    async ({ client, key }) => {
      const holds = async (...args: Parameters<typeof compare>) =>
        (await client.txn({ compare: [compare(...args)] })).succeeded;
      const missing = key("missing");
      assert.equal(await holds(missing, Target.CREATE, Result.EQUAL, { $case: "createRevision", value: 0n }), true);
      assert.equal(await holds(missing, Target.VERSION, Result.LESS, { $case: "version", value: 1n }), true);
      assert.equal(await holds(missing, Target.MOD, Result.EQUAL), true);
      assert.equal(await holds(missing, Target.LEASE, Result.GREATER, { $case: "lease", value: -1n }), true);
      for (const result of [Result.EQUAL, Result.NOT_EQUAL]) {
        assert.equal(await holds(missing, Target.VALUE, result, { $case: "value", value: bytes("") }), false);
      }
      await client.put({ key: key("a") });
      assert.equal(await holds(key("a"), Target.VALUE, Result.EQUAL), true);
      assert.equal(await holds(key("a"), Target.VERSION, Result.EQUAL, { $case: "lease", value: 1n }), false);
      assert.equal(await holds(key("a"), Target.VERSION, Result.GREATER, { $case: "lease", value: 1n }), true);
    },
  );

  promise("a comparison of a range must hold for every key in it", async ({ client, key, end }) => {
    for (const name of ["a", "b"]) await client.put({ key: key(name), value: bytes("same") });
    await client.put({ key: key("c"), value: bytes("other") });
    const same = async (rangeEnd: Buffer) => {
      const wanted: Wanted = { $case: "value", value: bytes("same") };
      const { succeeded } = await client.txn({
        compare: [compare(key("a"), Target.VALUE, Result.EQUAL, wanted, rangeEnd)],
      });
      return succeeded;
    };
    assert.deepEqual([await same(bytes("")), await same(key("c")), await same(end)], [true, true, false]);
  });

  promise("all comparisons must hold, else the failure branch runs", async ({ client, key }) => {
    await client.put({ key: key("a") });
    const exists = compare(key("a"), Target.VERSION, Result.GREATER, { $case: "version", value: 0n });
    const absent = compare(key("b"), Target.VERSION, Result.GREATER, { $case: "version", value: 0n });
    const { succeeded, responses } = await client.txn({
      compare: [exists, absent],
      success: [op.put({ key: key("wrong") })],
      failure: [op.put({ key: key("right") }), op.range({ key: key("wrong") })],
    });
    assert.equal(succeeded, false);
    assert.deepEqual(
      responses.map(({ response }) => response?.$case),
      ["responsePut", "responseRange"],
    );
    assert.equal((await client.range({ key: key("wrong") })).count, 0n);
    assert.equal((await client.range({ key: key("right") })).count, 1n);
  });

  promise("nested transactions decide on the state before the first change", async ({ client, key }) => {
    const absent = compare(key("a"), Target.VERSION, Result.EQUAL, { $case: "version", value: 0n });
    const { header, responses } = await client.txn({
      success: [
        op.put({ key: key("a") }),
        op.txn({
          compare: [absent],
          success: [
            op.put({ key: key("saw nothing") }),
            op.txn({ compare: [absent], failure: [op.put({ key: key("deep") })] }),
          ],
          failure: [op.put({ key: key("saw it") })],
        }),
        op.range({ key: key("a") }),
      ],
    });
    assert.deepEqual(responses.map(summary), [
      ["responsePut", header!.revision],
      ["responseTxn", 0n],
      ["responseRange", header!.revision],
    ]);
    const nested = responses[1]!.response;
    assert.ok(nested?.$case === "responseTxn");
    assert.equal(nested.value.succeeded, true);
    assert.equal((await client.range({ key: key("saw nothing") })).kvs[0]!.modRevision, header!.revision);
    assert.equal((await client.range({ key: key("saw it") })).count, 0n);
  });

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

  promise("a put may be undone by a delete that etcd's check does not see", async ({ client, key, end }) => {
    await client.put({ key: key("a"), value: bytes("old") });
    const { header } = await client.txn({
      success: [
        op.txn({ success: [op.put({ key: key("a") }), op.put({ key: key("b") })] }),
        op.txn({ success: [op.delete({ key: key(""), rangeEnd: end })] }),
      ],
    });
    assert.equal((await client.range({ key: key(""), rangeEnd: end })).count, 0n);
    const again = await client.put({ key: key("b") });
    assert.equal(again.header!.revision, header!.revision + 1n);
    assert.equal((await client.range({ key: key("b") })).kvs[0]!.version, 1n);
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
