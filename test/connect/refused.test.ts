import assert from "node:assert/strict";
import { test } from "node:test";
import { createRollcallTransport } from "../../src/connect/index.js";

test("what cannot be obeyed is refused by name", () => {
  const make = (options: object) => () =>
    createRollcallTransport({ target: "direct:///127.0.0.1:1", protocol: "connect", ...options });
  assert.throws(make({ protocol: "http" }), /protocol is "http"; expected connect, grpc, grpc-web/);
  assert.throws(make({ protocol: "grpc", httpVersion: "1.1" }), /httpVersion is "1.1"; expected "2", which gRPC needs/);
  assert.throws(make({ baseUrl: "order.rpc" }), /baseUrl is "order.rpc"; expected a URL/);
  assert.throws(make({ baseURL: "http://a" }), /no option "baseURL": did you mean baseUrl\?/);
  assert.throws(make({ target: undefined }), /the target is undefined; expected a URL/);
  assert.throws(make({ interceptors: [1] }), /interceptors is a list; expected a list of functions/);
  assert.throws(make({ defaultTimeoutMs: "5" }), /defaultTimeoutMs is "5"; expected milliseconds/);
  assert.throws(() => createRollcallTransport(undefined as never), /the transport takes its options by name/);
  const shows = (part: string) => (error: Error) => error instanceof TypeError && error.message.includes(part);
  const hidden = (check: (error: Error) => boolean) => (error: Error) => check(error) && !/PRIVATE/.test(error.message);
  assert.throws(make({ tls: { key: "PRIVATE" }, baseUrl: "http://a" }), hidden(shows("tls is an object")));
  assert.throws(make({ tls: "PRIVATE" }), hidden(shows("tls is none of what it may be")));
  assert.throws(make({ tls: true, baseUrl: "http://user:PRIVATE@a" }), hidden(shows("http://user:...@a")));
  assert.throws(make({ baseUrl: "http://order.rpc", tls: true }), /tls is true/);
  assert.throws(make({ interceptor: [] }), /no option "interceptor": did you mean interceptors\?/);
  assert.throws(make({ target: "nobody:///a:1" }), /no backend is called "nobody"/);
  assert.throws(make({ sendCompression: "gzip" }), /sendCompression is "gzip"; expected a compression such as/);
  assert.throws(make({ acceptCompression: ["gzip"] }), /acceptCompression is a list; expected a list, each/);
  assert.throws(make({ readMaxBytes: -1 }), /readMaxBytes is -1; expected bytes/);
  assert.throws(make({ writeMaxBytes: "1mb" }), /writeMaxBytes is "1mb"/);
  assert.throws(make({ useBinaryFormat: "no" }), /useBinaryFormat is "no"; expected true or false/);
  assert.throws(make({ jsonOptions: 5 }), /jsonOptions is 5/);
});
