import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { subset } from "./subset.js";

const keys = (n: number) => Array.from({ length: n }, (_, i) => `10.0.${i >> 8}.${i & 255}:8080`);
const missing = (of: readonly string[], from: readonly string[]) => of.filter((key) => !from.includes(key)).length;

test("a subset depends on client and keys alone, not on the order of the keys", () => {
  const all = keys(300);
  for (const client of ["client-7", { index: 7, clients: 20 }]) {
    const one = subset(all, 32, client);
    assert.equal(new Set(one).size, 32);
    assert.deepEqual(subset([...all].reverse(), 32, client).sort(), [...one].sort());
    assert.deepEqual(subset(all, 300, client), all);
    assert.deepEqual(subset([], 5, client), []);
  }
});

test("one join or leave changes at most one of a client's connections", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(),
      fc.nat(),
      (n, size, clients, client, leaver) => {
        const all = keys(n + 1);
        const fewer = all.filter((_, i) => i !== leaver % (n + 1));
        const index = client % clients;
        const overSeam = Math.floor((index * n) / clients) + size > n;
        for (const [who, most] of [
          [`client-${client}`, 1],
          [{ index, clients }, overSeam ? 2 : 1],
        ] as const) {
          const before = subset(fewer, size, who);
          const after = subset(all, size, who);
          const changes = Math.max(missing(before, after), missing(after, before));
          assert.equal(changes <= most, true, `${changes} changes`);
        }
      },
    ),
  );
});

test("clients that know their place share the instances exactly evenly", () => {
  for (const [n, size, clients] of [
    [100, 20, 50],
    [97, 20, 50],
    [1_000, 100, 7],
    [30, 29, 31],
  ] as const) {
    const counts = new Map(keys(n).map((key) => [key, 0]));
    for (let index = 0; index < clients; index++) {
      for (const key of subset(keys(n), size, { index, clients })) counts.set(key, counts.get(key)! + 1);
    }
    const all = [...counts.values()];
    assert.ok(Math.max(...all) - Math.min(...all) <= 1, `${Math.min(...all)} to ${Math.max(...all)}`);
  }
});

test("clients that have only a name share them evenly on average", () => {
  const counts = new Map(keys(200).map((key) => [key, 0]));
  for (let client = 0; client < 400; client++) {
    for (const key of subset(keys(200), 50, `order-${client}`)) counts.set(key, counts.get(key)! + 1);
  }
  // 100 expected, with a standard deviation of 8.7.
  for (const count of counts.values()) assert.ok(count > 50 && count < 150, String(count));
});

test("a size or a place that makes no sense is refused", () => {
  for (const size of [0, -1, 1.5, Number.NaN]) assert.throws(() => subset(["a"], size, "c"), RangeError);
  for (const [index, clients] of [
    [1, 1],
    [-1, 3],
    [0.5, 3],
    [0, 0],
  ] as const) {
    assert.throws(() => subset(["a", "b"], 1, { index, clients }), RangeError);
  }
});
