import type { ClientHttp2Stream } from "node:http2";

/**
 * Resets an HTTP/2 stream, in the next turn of the event loop. Where that is asked for by what the stream has just brought, nghttp2
 * is still reading for it, and `close()` would free it meanwhile: reads of freed memory, and with some thousand of them a corrupted
 * heap, in Node 20.20 (seen with valgrind).
 * @param code one of HTTP/2's error codes, for example `constants.NGHTTP2_CANCEL`.
 */
export function resetSoon(stream: ClientHttp2Stream, code: number): void {
  setImmediate(() => {
    if (!stream.closed) stream.close(code);
  });
}
