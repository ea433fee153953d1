import assert from "node:assert/strict";
import { Compare_CompareResult as Result, Compare_CompareTarget as Target } from "../../../src/proto/etcd.js";
import { op } from "../etcd-client.js";
import { contract } from "../registries.js";
import { compare, type Wanted } from "./compare.js";

const bytes = (text: string) => Buffer.from(text);

contract("comparisons", (promise) => {
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
});
