import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, parseAddress } from "./address.js";

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
  ] as const) {
    assert.throws(() => parseAddress(text), reason, text);
  }
});
