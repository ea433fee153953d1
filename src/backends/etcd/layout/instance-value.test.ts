import assert from "node:assert/strict";
import { test } from "node:test";
import { factsValue, readFacts, readInstance, usable } from "./instance-value.js";

test("an address is read plain, from etcd's naming JSON and from Kratos' instance JSON", () => {
  for (const [value, instance] of [
    ["10.0.0.1:8080", { address: "10.0.0.1:8080" }],
    [" 10.0.0.1:8080\n", { address: "10.0.0.1:8080" }],
    ["[2001:db8::1]:80", { address: "[2001:db8::1]:80" }],
    ["order-0.order.default:80", { address: "order-0.order.default:80" }],
    ['{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}', { address: "10.0.0.1:80" }],
    [
      '{"Op":0,"Addr":"10.0.0.1:80","Metadata":{"version":"2","shard":7,"nested":{}}}',
      { address: "10.0.0.1:80", metadata: { version: "2", shard: "7" } },
    ],
    [
      '{"id":"a","name":"order","version":"v1","metadata":{"weight":"20"},"endpoints":["http://10.0.0.1:8000","grpc://10.0.0.1:9000?isSecure=false"]}',
      { address: "10.0.0.1:9000", weight: 20, metadata: { version: "v1", weight: "20" } },
    ],
    ['{"endpoints":["grpc://[::1]:9000"]}', { address: "[::1]:9000" }],
  ] as const) {
    assert.deepEqual(readInstance(Buffer.from(value)), instance, value);
  }
});

test("what is no instance is refused with the reason, without being read to its end", () => {
  for (const [value, reason] of [
    ["", /empty/],
    ["nonsense", /no port/],
    ["10.0.0.1", /no port/],
    ["::1:80", /brackets/],
    ["0.0.0.0:80", /listens/],
    ["[::]:80", /listens/],
    ["0:80", /listens/],
    ["10.0.0.1:0", /between 1 and 65535/],
    ["{", /not JSON/],
    ['{"Addr":7}', /neither/],
    ['{"endpoints":["http://10.0.0.1:80"]}', /grpc:\/\//],
    ["[]", /no port|colons/],
    [Buffer.from([0xff, 0xfe, 0x80]), /UTF-8/],
    [Buffer.alloc(1 << 20, "a"), /1048576 bytes/],
  ] as const) {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    assert.throws(() => readInstance(bytes), reason, String(value).slice(0, 80));
  }
});

test("facts are read back as they were written, and only where there are any", () => {
  const facts = { weight: 0.5, zone: "eu-1", metadata: { version: "1" } };
  assert.deepEqual(readFacts(factsValue({ address: "a:1", ...facts })!), facts);
  assert.equal(factsValue({ address: "a:1" }), undefined);
  assert.equal(factsValue({ address: "a:1", metadata: {} }), undefined);
  for (const strange of ['{"weight":-1}', '{"weight":"2"}', '{"zone":""}', '{"metadata":[]}', "{}"]) {
    assert.deepEqual(readFacts(Buffer.from(strange)), {}, strange);
  }
});

test("an address has one way of being written", () => {
  assert.equal(usable("10.0.0.1:080"), "10.0.0.1:80");
});
