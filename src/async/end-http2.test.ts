import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from "node:http2";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { destroySoon, resetSoon } from "./end-http2.js";

test("a stream is reset in the next turn and not at once, where what it brought is still being read", async () => {
  const codes: number[] = [];
  const fake = {
    closed: false,
    close(code: number): void {
      fake.closed = true;
      codes.push(code);
    },
  };
  const stream = fake as unknown as ClientHttp2Stream;
  resetSoon(stream, constants.NGHTTP2_CANCEL);
  resetSoon(stream, constants.NGHTTP2_CANCEL);
  await Promise.resolve();
  assert.deepEqual(codes, []);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(codes, [constants.NGHTTP2_CANCEL], "once");
});

test("a session is destroyed in the next turn", async () => {
  const errors: unknown[] = [];
  const session = { destroy: (error: unknown) => void errors.push(error) } as unknown as ClientHttp2Session;
  const error = new Error("gone");
  destroySoon(session, error);
  await Promise.resolve();
  assert.deepEqual(errors, []);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(errors, [error]);
});

test("nobody ends an HTTP/2 stream or session in another way", () => {
  const src = fileURLToPath(new URL("..", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const elsewhere = /\.close\((?:http2\.)?constants\.NGHTTP2_|session\??\.destroy\(/i;
  const found = files.filter((file) => elsewhere.test(readFileSync(join(src, file), "utf8"))).sort();
  // The second is a server of the tests.
  assert.deepEqual(found, ["async/end-http2.ts", "testing/rpc-server.ts"]);
});
