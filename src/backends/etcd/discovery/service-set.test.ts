import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setLogger, setLogLevel } from "../../../log.js";
import { KeyValue } from "../../../proto/etcd.js";
import { ServiceSet } from "./service-set.js";

const lines: string[] = [];
const collect = (_: object, message: string) => void lines.push(message);
before(() => setLogger({ debug: collect, info: collect, warn: collect, error: collect }));
after(() => setLogLevel("silent"));

let revision = 1n;
function kv(key: string | Buffer, value: string | Buffer): KeyValue {
  revision += 1n;
  return KeyValue.fromPartial({ key: Buffer.from(key), value: Buffer.from(value), modRevision: revision });
}

const addresses = (set: ServiceSet) => set.instances().map(({ address }) => address);

test("several keys with one address are one instance, for as long as one of them is there", () => {
  const set = new ServiceSet("order.rpc");
  set.put(kv("order.rpc/1", "10.0.0.1:80"));
  set.put(kv("order.rpc/2", "10.0.0.1:80"));
  assert.deepEqual(addresses(set), ["10.0.0.1:80"]);
  set.delete(Buffer.from("order.rpc/1"));
  assert.deepEqual(addresses(set), ["10.0.0.1:80"]);
  set.delete(Buffer.from("order.rpc/2"));
  assert.deepEqual(addresses(set), []);
});

test("a key that gets another address moves, and one that gets nonsense goes", () => {
  const set = new ServiceSet("order.rpc");
  set.put(kv("order.rpc/1", "10.0.0.1:80"));
  set.put(kv("order.rpc/1", "10.0.0.2:80"));
  assert.deepEqual(addresses(set), ["10.0.0.2:80"]);
  set.put(kv("order.rpc/1", "nonsense"));
  assert.deepEqual(addresses(set), []);
});

test("facts join their instance whichever comes first, the newest key's for an address under several", () => {
  const set = new ServiceSet("order.rpc");
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
  const set = new ServiceSet("order.rpc");
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

test("bad values are named once each, and do not touch the good ones", () => {
  lines.length = 0;
  const set = new ServiceSet("order.rpc");
  set.put(kv("order.rpc/good", "10.0.0.1:80"));
  set.put(kv("order.rpc/bad", ""));
  set.put(kv("order.rpc/bad", ""));
  set.put(kv(Buffer.from([...Buffer.from("order.rpc/"), 0xff]), "10.0.0.2"));
  set.put(kv("order.rpc.~rollcall/good", "not JSON"));
  set.put(kv("order.rpc.~rollcallers/x", "10.0.0.9:80"));
  assert.deepEqual(set.instances(), [{ address: "10.0.0.1:80" }]);
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /order\.rpc\/bad.*empty/);
});
