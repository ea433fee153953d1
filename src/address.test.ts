import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, isLoopbackHost, isWildcardHost, parseAddress, quote } from "./address.js";

test("an address is read into host and port, and written back the same", () => {
  for (const [text, host, port] of [
    ["10.0.0.1:8080", "10.0.0.1", 8080],
    ["[::1]:80", "::1", 80],
    ["order-rpc-0.order-rpc-svc.default:8080", "order-rpc-0.order-rpc-svc.default", 8080],
    ["docker_name:1", "docker_name", 1],
  ] as const) {
    assert.deepEqual(parseAddress(text), { host, port });
    assert.equal(formatAddress({ host, port }), text);
  }
});

test("what is no address is refused with the reason", () => {
  for (const [text, reason] of [
    ["", /no port/],
    ["host", /no port/],
    [":80", /no host/],
    ["::1", /brackets/],
    ["fe80::1:8080", /brackets/],
    ["[::1]", /no port|colons/],
    ["[host]:80", /not an IPv6/],
    ["a:b:80", /colons/],
    ["host:http", /not a number/],
    ["host:0", /between 1 and 65535/],
    ["host:65536", /between 1 and 65535/],
    ["ho st:80", /characters/],
    ["-host:80", /characters/],
    ["x".repeat(300), /no port/],
    ["http://host:80", /a URL/],
    ["etcd:///h:1?key=a", /a URL/],
    ["a:80,b:80", /several addresses/],
    ["host:80/", /slash/],
    [" host:80", /spaces/],
    ["host:80\n", /spaces/],
  ] as const) {
    assert.throws(() => parseAddress(text), reason, text);
  }
});

test("a host that the system would turn into another address is refused", () => {
  for (const host of ["0x0", "0", "127.1", "127.0.0.0x1", "0177.0.0.1", "2130706433", "1.2.3.4.5", "300.1.1.1", "0x"]) {
    assert.throws(() => parseAddress(`${host}:80`), /number but no IPv4 address/, host);
  }
  for (const host of ["127.0.0.1", "4.example", "0x.example", "10.0.0.1"]) parseAddress(`${host}:80`);
});

test("all interfaces and loopback are known however they are written", () => {
  for (const host of [
    "",
    "0.0.0.0",
    "::",
    "[::]",
    "0:0:0:0:0:0:0:0",
    "::0",
    "::ffff:0.0.0.0",
    "::ffff:0:0",
    "0x0",
    "0",
  ]) {
    assert.ok(isWildcardHost(host), host);
    assert.ok(!isLoopbackHost(host), host);
  }
  for (const host of [
    "127.0.0.1",
    "127.1",
    "127.9.9.9",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
  ]) {
    assert.ok(isLoopbackHost(host), host);
    assert.ok(!isWildcardHost(host), host);
  }
  for (const host of ["localhost", "LOCALHOST.", "a.localhost", "0x7f000001"]) assert.ok(isLoopbackHost(host), host);
  for (const host of ["10.0.0.1", "::2", "::ffff:10.0.0.1", "order", "127.example.com", "localhost.example"]) {
    assert.ok(!isLoopbackHost(host) && !isWildcardHost(host), host);
  }
});

test("what is quoted shows no secret and steers no terminal", () => {
  assert.equal(quote("etcd:///h?key=a&pass=hunter2"), '"etcd:///h?key=a&pass=..."');
  assert.equal(quote(`root:${"x".repeat(5_000)}@h`), '"root:...@"');
  assert.equal(quote(`order.rpc/${"a".repeat(500_000)}`).length, 82);
  assert.equal(quote("a\u009b\u202eb"), '"a\\u009b\\u202eb"');
  assert.equal(quote(`etcd:///h?pass=${"x".repeat(200)}&key=a`), '"etcd:///h?pass=...&key=a"');
});
