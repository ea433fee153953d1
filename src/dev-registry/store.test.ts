import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { prefixRange, toRange } from "./key-range.js";
import { Store } from "./store.js";

const everything = { from: "", to: undefined };
const bytes = (text: string) => Buffer.from(text);

test("what could be read at a revision can be read ever after, until it is compacted", () => {
  const change = fc.record({ key: fc.constantFrom("a", "b", "c"), value: fc.option(fc.string()) });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 30 }), fc.nat(), (transactions, pick) => {
      const store = new Store(1_000);
      const snapshots = new Map([[store.revision, store.range(everything)]]);
      for (const changes of transactions) {
        store.transaction(() => {
          for (const { key, value } of changes) {
            if (value === null) store.delete(toRange(bytes(key), bytes("")));
            else store.put(key, bytes(value), 0n);
          }
        });
        snapshots.set(store.revision, store.range(everything));
      }
      const compaction = BigInt(pick % (Number(store.revision) + 1));
      if (compaction > 0n) store.compact(compaction);
      for (const [revision, kvs] of snapshots) {
        if (revision < compaction) assert.throws(() => store.range(everything, revision), /has been compacted/);
        else assert.deepEqual(store.range(everything, revision), kvs);
      }
      const told = [...store.history(compaction + 1n)].map((commit) => commit.revision);
      assert.equal(told.length, Number(store.revision - (compaction > 1n ? compaction : 1n)));
    }),
  );
});

test("a key that is gone leaves nothing behind after a compaction", () => {
  const store = new Store(1_000);
  for (let i = 0; i < 100; i++) store.transaction(() => store.put(`k${i}`, bytes("v"), 0n));
  store.transaction(() => store.delete(everything));
  assert.ok(store.size > 0);
  store.compact(store.revision);
  assert.equal(store.size, 0);
});

test("a prefix covers exactly the keys that begin with it", () => {
  const key = fc
    .array(fc.constantFrom("a", "b", "\xfe", "\xff", "\x00"), { maxLength: 4 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(key, key, (prefix, other) => {
      const { from, to } = prefixRange(prefix);
      assert.equal(other >= from && (to === undefined || other < to), other.startsWith(prefix));
    }),
  );
});

test("a kept key and value hold their own bytes in memory and no more", () => {
  const store = new Store(1_000);
  const value = bytes("x".repeat(150));
  assert.ok(value.buffer.byteLength > 150, "given in a slab that others share, as messages are");
  store.transaction(() => store.put("order.rpc/1", value, 0n));
  const [kept] = store.range(everything);
  assert.equal(kept!.value.buffer.byteLength, 150);
  assert.equal(kept!.key.buffer.byteLength, "order.rpc/1".length);
  value.fill(0);
  assert.equal(String(kept!.value), "x".repeat(150));
});
