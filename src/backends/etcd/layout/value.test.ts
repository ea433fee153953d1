import assert from "node:assert/strict";
import { test } from "node:test";
import { attributesValue, readAttributes, readInstance, readSince } from "./value.js";

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
    ['{"endpoints":["grpcs://[::1]:9000"],"metadata":null}', { address: "[::1]:9000", weight: 100 }],
  ] as const) {
    assert.deepEqual(readInstance(Buffer.from(value)).instance, instance, value);
  }
});

test("a Kratos instance weighs what Kratos takes it to weigh", () => {
  for (const [weight, expected] of [
    [undefined, 100],
    ["abc", 100],
    ["", 100],
    ["1.5", 100],
    [30, 30],
    ["30", 30],
    ["0", 0],
    ["-4", 0],
  ] as const) {
    const value = JSON.stringify({ name: "order", endpoints: ["grpc://10.0.0.1:9000"], metadata: { weight } });
    assert.equal(readInstance(Buffer.from(value)).instance.weight, expected, String(weight));
  }
});

test("what is no instance is refused with the reason, without being read to its end", () => {
  for (const [value, reason] of [
    ["", /empty/],
    ["nonsense", /no port/],
    ["10.0.0.1", /no port/],
    ["::1:80", /brackets/],
    ["0.0.0.0:80", /cannot be called/],
    ["[::]:80", /cannot be called/],
    ["[::ffff:0.0.0.0]:80", /cannot be called/],
    ["0:80", /decimal/],
    ["10.0.0.1:0", /between 1 and 65535/],
    ["{", /not JSON/],
    ['{"Addr":7}', /neither/],
    ['{"endpoints":["http://10.0.0.1:80", 7]}', /grpc:\/\//],
    ['{"endpoints":["grpc://"]}', /no port/],
    ["[]", /no port|colons/],
    [Buffer.from([0xff, 0xfe, 0x80]), /UTF-8/],
    [Buffer.alloc(1 << 20, "a"), /longer/],
  ] as const) {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    assert.throws(() => readInstance(bytes), reason, String(value).slice(0, 80));
  }
});

test("no error shows the value it is about: a password may stand there", () => {
  for (const value of [
    "hunter2",
    "hunter2:hunter2",
    "postgres://shop:hunter2@db:5432/shop",
    "[hunter2]:80",
    "db:hunter2",
    "{hunter2",
    '{"password":"hunter2"}',
    '{"Addr":"hunter2"}',
    '{"endpoints":["grpc://hunter2"]}',
    `hunter2${"x".repeat(100_000)}`,
  ]) {
    assert.throws(
      () => readInstance(Buffer.from(value)),
      (error: Error) => !error.message.includes("hunter2"),
      value,
    );
    assert.throws(
      () => readAttributes(Buffer.from(`hunter2${value}`)),
      (error: Error) => !error.message.includes("hunter2"),
    );
  }
});

test("attributes are read back as they were written, and only where there are any", () => {
  const attributes = { weight: 0.5, zone: "eu-1", metadata: { version: "1" } };
  assert.deepEqual(readAttributes(attributesValue({ address: "a:1", ...attributes })!), attributes);
  const dated = attributesValue({ address: "a:1", zone: "eu" }, 1_700_000_000_000)!;
  assert.deepEqual([readAttributes(dated), readSince(dated)], [{ zone: "eu" }, 1_700_000_000_000]);
  assert.equal(readSince(attributesValue({ address: "a:1", zone: "eu" })!), undefined);
  assert.equal(attributesValue({ address: "a:1" }), undefined);
  assert.equal(attributesValue({ address: "a:1", metadata: {} }), undefined);
  for (const strange of ['{"weight":-1}', '{"weight":"2"}', '{"zone":""}', '{"metadata":[]}', "{}"]) {
    assert.deepEqual(readAttributes(Buffer.from(strange)), {}, strange);
  }
});
