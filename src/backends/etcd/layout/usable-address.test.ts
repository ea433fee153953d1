import assert from "node:assert/strict";
import { test } from "node:test";
import { usableAddress, usableForeignAddress } from "./usable-address.js";

test("an address has one way of being written", () => {
  assert.equal(usableAddress("10.0.0.1:080"), "10.0.0.1:80");
  assert.equal(usableAddress("[2001:DB8::1]:80"), "[2001:DB8::1]:80");
});

test("what nobody can connect to is no usable address, however it is spelt", () => {
  for (const host of [
    ...[
      "0.0.0.0",
      "0",
      "00.0.0.0",
      "0x0",
      "0x00.0.0.0",
      "000000000000",
      "0.1.2.3",
      "[::]",
      "[0:0::0]",
      "[::ffff:0.0.0.0]",
    ],
    ...["127.1", "0x7f.1", "2130706433", "0x7f000001", "0177.0.0.1", "10.0.0.256", "10.0.0", "1.2.3.4.".slice(0, -2)],
    ...["224.0.0.1", "255.255.255.255", "[ff02::1]", "[::ffff:224.0.0.1]"],
  ]) {
    assert.throws(() => usableAddress(`${host}:80`), /cannot be called|four decimal parts/, host);
    assert.throws(() => usableForeignAddress(`${host}:80`), /cannot be called|four decimal parts/, host);
  }
});

test("addresses and names that can be called are left alone", () => {
  for (const host of [
    "10.0.0.1",
    "127.0.0.1",
    "[::1]",
    "[fe80::1]",
    "localhost",
    "a.b",
    "0x0.example",
    "1.example",
    "x0",
  ]) {
    assert.equal(usableAddress(`${host}:80`), `${host}:80`);
  }
});
