import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServiceName } from "./target.js";

test("namespace and port may be left out, and a port is a number or a name", () => {
  for (const [text, namespace, service, port] of [
    ["shop/order:8080", "shop", "order", 8080],
    ["shop/order:grpc", "shop", "order", "grpc"],
    ["order:grpc-2", undefined, "order", "grpc-2"],
    ["shop/order", "shop", "order", undefined],
    ["order", undefined, "order", undefined],
  ] as const) {
    assert.deepEqual(parseServiceName(text), { namespace, service, port }, text);
  }
});

test("what names no service is refused with the reason", () => {
  for (const [text, reason] of [
    ["", /"" cannot be a service's name/],
    ["shop/", /"" cannot be a service's name/],
    ["/order", /"" cannot be a namespace/],
    ["Shop/order", /"Shop" cannot be a namespace/],
    ["order_rpc", /"order_rpc" cannot be a service's name/],
    ["order.shop:80", /"order.shop" cannot be a service's name/],
    ["order:", /its port is neither/],
    ["order:0", /its port is neither/],
    ["order:65536", /its port is neither/],
    ["order:GRPC", /its port is neither/],
    ["a/b/c", /too many slashes/],
    ["order:80:81", /too many slashes or colons/],
  ] as const) {
    assert.throws(() => parseServiceName(text), reason, text);
  }
});
