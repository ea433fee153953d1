import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type ClientHttp2Stream, constants } from "node:http2";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { resetSoon } from "./reset-soon.js";

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

test("nobody resets an HTTP/2 stream in another way", () => {
  const src = fileURLToPath(new URL("..", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const found = files.filter((file) =>
    /\.close\((?:http2\.)?constants\.NGHTTP2_/.test(readFileSync(join(src, file), "utf8")),
  );
  assert.deepEqual(found, []);
});
