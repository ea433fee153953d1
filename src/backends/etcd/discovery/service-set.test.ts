import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyValue } from "../../../proto/etcd.js";
import { layoutOf } from "../layout/layout.js";
import { ServiceSet } from "./service-set.js";
import { SkippedValues } from "./skipped-values.js";

let revision = 1n;
function kv(key: string | Buffer, value: string | Buffer): KeyValue {
  revision += 1n;
  return KeyValue.fromPartial({ key: Buffer.from(key), value: Buffer.from(value), modRevision: revision });
}

const setOf = (path: string) => new ServiceSet(layoutOf(), path, new SkippedValues(path));
const addresses = (set: ServiceSet) => set.instances().map(({ address }) => address);

test("several keys with one address are one instance, for as long as one of them is there", () => {
  const set = setOf("order.rpc");
  set.put(kv("order.rpc/1", "10.0.0.1:80"));
  set.put(kv("order.rpc/2", "10.0.0.1:80"));
  assert.deepEqual(addresses(set), ["10.0.0.1:80"]);
  set.delete(Buffer.from("order.rpc/1"));
  assert.deepEqual(addresses(set), ["10.0.0.1:80"]);
  set.delete(Buffer.from("order.rpc/2"));
  assert.deepEqual(addresses(set), []);
});

test("a key that gets another address moves, and one that gets nonsense goes", () => {
  const set = setOf("order.rpc");
  set.put(kv("order.rpc/1", "10.0.0.1:80"));
  set.put(kv("order.rpc/1", "10.0.0.2:80"));
  assert.deepEqual(addresses(set), ["10.0.0.2:80"]);
  set.put(kv("order.rpc/1", "nonsense"));
  assert.deepEqual(addresses(set), []);
});

test("attributes join their instance whichever comes first, the newest key's for an address under several", () => {
  const set = setOf("order.rpc");
  set.put(kv("order.rpc.~rollcall/1", '{"weight":2}'));
  set.put(kv("order.rpc/1", "10.0.0.1:80"));
  assert.deepEqual(set.instances(), [{ address: "10.0.0.1:80", weight: 2 }]);
  set.put(kv("order.rpc/2", "10.0.0.1:80"));
  set.put(kv("order.rpc.~rollcall/2", '{"weight":3}'));
  assert.deepEqual(set.instances(), [{ address: "10.0.0.1:80", weight: 3 }]);
  set.delete(Buffer.from("order.rpc.~rollcall/2"));
  assert.deepEqual(set.instances(), [{ address: "10.0.0.1:80" }]);
  set.delete(Buffer.from("order.rpc/2"));
  assert.deepEqual(set.instances(), [{ address: "10.0.0.1:80", weight: 2 }]);
});

test("an instance that did not change stays the same object at the same place", () => {
  const set = setOf("order.rpc");
  for (const id of [1, 2, 3]) set.put(kv(`order.rpc/${id}`, `10.0.0.${id}:80`));
  const before = set.instances();
  set.put(kv("order.rpc/1", "10.0.0.1:80"));
  set.put(kv("order.rpc/4", "10.0.0.4:80"));
  const after = set.instances();
  assert.deepEqual(
    before.map((instance, i) => instance === after[i]),
    [true, true, true],
  );
});

test("bad values do not touch the good ones", () => {
  const set = setOf("order.rpc");
  set.put(kv("order.rpc/good", "10.0.0.1:80"));
  set.put(kv("order.rpc/bad", ""));
  set.put(kv(Buffer.from([...Buffer.from("order.rpc/"), 0xff]), "10.0.0.2"));
  set.put(kv("order.rpc.~rollcall/good", "not JSON"));
  set.put(kv("order.rpc.~rollcallers/x", "10.0.0.9:80"));
  assert.deepEqual(set.instances(), [{ address: "10.0.0.1:80" }]);
});

test("an instance with a weight of 0 is left out, unless there are no others", () => {
  const set = setOf("order.rpc");
  const put = (id: number, weight: string) =>
    set.put(kv(`order.rpc/${id}`, `{"endpoints":["grpc://10.0.0.${id}:80"],"metadata":{"weight":"${weight}"}}`));
  put(1, "0");
  put(2, "0");
  assert.deepEqual(addresses(set), ["10.0.0.1:80", "10.0.0.2:80"]);
  assert.deepEqual(
    set.instances().map(({ weight }) => weight),
    [undefined, undefined],
    "they are alike",
  );
  put(3, "10");
  assert.deepEqual(addresses(set), ["10.0.0.3:80"]);
  put(1, "20");
  assert.deepEqual(addresses(set), ["10.0.0.1:80", "10.0.0.3:80"]);
  put(1, "0");
  set.delete(Buffer.from("order.rpc/3"));
  assert.deepEqual(addresses(set), ["10.0.0.1:80", "10.0.0.2:80"]);
});

test("many keys of one address cost about as much as as many addresses", () => {
  const keys = 10_000;
  const timeFor = (addressOf: (i: number) => string) => {
    const set = setOf("order.rpc");
    const kvs = Array.from({ length: keys }, (_, i) => kv(`order.rpc/${i}`, addressOf(i)));
    const began = performance.now();
    for (const one of kvs) set.put(one);
    set.instances();
    for (const { key } of kvs) set.delete(key);
    assert.deepEqual(set.instances(), []);
    return performance.now() - began;
  };
  timeFor(() => "10.0.0.1:80"); // compiles it
  const many = timeFor((i) => `10.0.${i >> 8}.${i & 255}:80`);
  const one = timeFor(() => "10.0.0.1:80");
  assert.ok(one < 20 * many, `${one.toFixed()} ms for one address, ${many.toFixed()} ms for ${keys}`);
});
