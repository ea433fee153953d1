import { once } from "node:events";
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterRead } from "../../../async/after-read.js";
import { destroySoon, resetSoon } from "../../../async/end-http2.js";
import type { Credentials } from "../access/access.js";

/** Carries requests to one API server. */
export interface Transport {
  /** It takes no further requests. */
  readonly ended: boolean;
  /** It carries as many requests as the server allows at a time. */
  readonly full: boolean;
  /** Resolves with the answer's head. Aborting the signal ends the request, also while its body is read. */
  get(path: string, headers: Readonly<Record<string, string | string[]>>, signal: AbortSignal): Promise<Answer>;
  /** Takes no further requests and closes when those under way have ended. */
  retire(): void;
  /** Closes at once. */
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Read it to its end or leave the iteration; either frees the request. */
  readonly body: AsyncIterable<Buffer>;
}

/** How a dead connection is told from a quiet one. */
export interface PingTiming {
  /** Time between two pings, in milliseconds. */
  readonly pingMs: number;
  /** How long a ping may stay unanswered, in milliseconds; shorter than pingMs. */
  readonly pongMs: number;
}

/**
 * Connects by HTTP/2 where the server speaks it, as API servers do: all watches share one connection, and pings tell a
 * quiet connection from a dead one. Else by HTTP/1.1, with a connection for each watch: plain HTTP and proxies.
 * Neither keeps Node alive.
 */
export async function connect(credentials: Credentials, timing: PingTiming, signal: AbortSignal): Promise<Transport> {
  const { server, tls, proxy } = credentials;
  if (server.protocol === "http:" || proxy) return new Http1Transport(credentials, timing);
  const host = server.hostname.replace(/^\[|\]$/g, "");
  const socket = connectTls({
    host,
    port: Number(server.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    ...tls,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  socket.unref();
  const abort = () => socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    await once(socket, "secureConnect");
  } finally {
    signal.removeEventListener("abort", abort);
  }
  if (socket.alpnProtocol === "h2") {
    const session = connectHttp2(server.origin, { createConnection: () => socket });
    session.unref();
    const transport = new Http2Transport(session, timing);
    try {
      // They say how many requests may be under way at a time.
      await once(session, "remoteSettings", { signal });
      return transport;
    } catch (error) {
      transport.close();
      throw error;
    }
  }
  socket.destroy();
  return new Http1Transport(credentials, timing);
}

/** Whoever leaves the iteration of a stream itself would destroy it at once, in the midst of what is being read. */
async function* bodyOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void> {
  try {
    yield* stream.iterator({ destroyOnReturn: false });
  } finally {
    resetSoon(stream, constants.NGHTTP2_CANCEL);
  }
}

class Http2Transport implements Transport {
  readonly #session: ClientHttp2Session;
  readonly #pongMs: number;
  #requests = 0;
  #broken: Error | undefined;

  constructor(session: ClientHttp2Session, { pingMs, pongMs }: PingTiming) {
    this.#session = session;
    this.#pongMs = pongMs;
    this.#session.on("error", (error: Error) => {
      this.#broken ??= error;
    });
    const pings = setInterval(() => this.#ping(), pingMs).unref();
    this.#session.once("close", () => clearInterval(pings));
  }

  get ended(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  get full(): boolean {
    // Node would queue the request, and a watch gives its place to nobody.
    return this.#requests >= (this.#session.remoteSettings?.maxConcurrentStreams ?? Number.POSITIVE_INFINITY);
  }

  get(path: string, headers: Readonly<Record<string, string | string[]>>, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({ ":method": "GET", ":path": path, ...headers });
      const abort = () => resetSoon(stream, constants.NGHTTP2_CANCEL);
      this.#requests += 1;
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      stream.once("response", ({ ":status": status = 0, ...headers }) =>
        resolve({ status, headers, body: bodyOf(stream) }),
      );
      stream.on("error", (error) => reject(this.#broken ?? error));
      stream.once("close", () => {
        this.#requests -= 1;
        signal.removeEventListener("abort", abort);
        reject(this.#broken ?? new Error("the server closed the request without an answer"));
      });
    });
  }

  retire(): void {
    this.#session.close();
  }

  close(): void {
    destroySoon(this.#session);
  }

  /** A frozen host, or a path that drops packets, closes no connection by itself. */
  #ping(): void {
    if (this.#session.destroyed) return;
    const stopTimer = afterRead(this.#pongMs, () =>
      destroySoon(this.#session, new Error(`the server left a ping unanswered for ${this.#pongMs} ms`)),
    );
    this.#session.ping(stopTimer);
  }
}

/** No pings here: TCP keepalive notices a dead host, and the bounded length of a watch notices the rest. */
class Http1Transport implements Transport {
  readonly full = false;
  ended = false;
  readonly #server: URL;
  readonly #agent: HttpAgent;
  readonly #pingMs: number;

  constructor({ server, proxy, tls }: Credentials, { pingMs }: PingTiming) {
    this.#server = server;
    this.#pingMs = pingMs;
    const own = server.protocol === "http:" ? HttpAgent : HttpsAgent;
    // Connections are not kept for reuse: requests are minutes apart, and one kept might have died unnoticed.
    this.#agent = proxy ?? new own({ keepAlive: false, ...tls });
  }

  get(path: string, headers: Readonly<Record<string, string | string[]>>, signal: AbortSignal): Promise<Answer> {
    const request = this.#server.protocol === "http:" ? requestHttp : requestHttps;
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#server.origin), { agent: this.#agent, headers, signal });
      sent.once("socket", (socket) => socket.setKeepAlive(true, this.#pingMs).unref());
      sent.once("response", (answer: IncomingMessage) => {
        // The iteration throws it too; an error before that must not be thrown into the air.
        answer.on("error", () => {});
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  retire(): void {
    this.ended = true;
  }

  close(): void {
    this.ended = true;
    this.#agent.destroy();
  }
}
