/**
 * HTTP/2 streams and sessions are ended here, in the next turn of the event loop. Where that is asked for by what has just arrived,
 * be it promises later, nghttp2 is still reading; reset or destroyed at once, the stream that it reads would be freed meanwhile:
 * reads of freed memory, and with some thousand of them a corrupted heap, in Node 20.20 (seen with valgrind).
 */
import type { ClientHttp2Stream, Http2Session } from "node:http2";

/**
 * Resets an HTTP/2 stream soon.
 * @param code one of HTTP/2's error codes, for example `constants.NGHTTP2_CANCEL`.
 */
export function resetSoon(stream: ClientHttp2Stream, code: number): void {
  setImmediate(() => {
    if (!stream.closed) stream.close(code);
  });
}

/** Destroys an HTTP/2 session soon, and its streams and socket with it. */
export function destroySoon(session: Http2Session, error?: Error): void {
  setImmediate(() => session.destroy(error));
}
