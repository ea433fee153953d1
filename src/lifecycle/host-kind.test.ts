import assert from "node:assert/strict";
import { test } from "node:test";
import { isLinkLocal, isLoopback, isWildcard } from "./host-kind.js";

test("all interfaces and this machine alone are known in every spelling that systems read", () => {
  for (const host of [
    "",
    "0.0.0.0",
    "::",
    "0:0:0:0:0:0:0:0",
    "0",
    "0x0",
    "0x",
    "00.0",
    "::ffff:0.0.0.0",
    "::0.0.0.0",
  ]) {
    assert.deepEqual([isWildcard(host), isLoopback(host)], [true, false], host);
  }
  for (const host of [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
  ]) {
    assert.deepEqual([isWildcard(host), isLoopback(host)], [false, true], host);
  }
  for (const host of ["localhost", "LOCALHOST.", "a.localhost"]) assert.ok(isLoopback(host), host);
  for (const host of [
    "10.0.0.1",
    "128.0.0.1",
    "126.1",
    "fd00::1",
    "::2",
    "order-1",
    "0.0.0.0.0",
    "256.0.0.1",
    "1.2.3.65536",
    "zero",
    "10.0.0",
  ]) {
    assert.deepEqual([isWildcard(host), isLoopback(host)], [false, false], host);
  }
});

test("link-local addresses are told from others of both families", () => {
  assert.deepEqual(["169.254.1.1", "fe80::1", "FE80::1", "febf::1"].map(isLinkLocal), [true, true, true, true]);
  assert.deepEqual(["169.253.1.1", "fd00::1", "fec0::1", "10.0.0.1"].map(isLinkLocal), [false, false, false, false]);
});
