import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  connect as http2Connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { Code, ConnectError } from "@connectrpc/connect";
import { askByFrame } from "../async/ask-http2.js";
import { destroySoon, resetSoon } from "../async/end-http2.js";
import { onAbort } from "../async/on-abort.js";
import { type DialOptions, openSocket } from "./dial.js";

/** The highest number that a stream can have (RFC 9113, 5.1.1); a connection that has used it up makes none any more, and stays. */
const LAST_STREAM = 2 ** 31 - 1;
/** Stream numbers that are left to requests which have chosen the connection already. */
const SPARE = 20_000;

/** An HTTP/2 connection to one instance. It is what connect-node calls a session manager, and dials no second one. */
export class Http2Connection {
  /** Where requests have to go, as connect-node compares it. */
  readonly authority: string;
  /** Aborts when the connection is over, and all streams with it. */
  readonly over: AbortSignal;
  readonly #session: ClientHttp2Session;
  readonly #lost: (reason: string) => void;
  #streams = 0;
  #dead: AbortSignal | undefined;

  private constructor(
    authority: string,
    session: ClientHttp2Session,
    over: AbortSignal,
    lost: (reason: string) => void,
  ) {
    this.authority = authority;
    this.over = over;
    this.#session = session;
    this.#lost = lost;
  }

  /**
   * Resolves when the other side has sent its settings, and so speaks HTTP/2.
   * @param authority origin that requests name, whatever address is dialled.
   * @param lost called when the connection is over, or takes no new requests (GOAWAY).
   */
  static open(
    authority: string,
    dial: DialOptions,
    signal: AbortSignal,
    lost: (reason: string) => void,
  ): Promise<Http2Connection> {
    const socket = openSocket({ ...dial, alpn: ["h2"] });
    const session = http2Connect(authority, { createConnection: () => socket });
    const over = new AbortController();
    return new Promise((resolve, reject) => {
      const release = onAbort(signal, () => destroySoon(session));
      // Stays, so that no late error is thrown.
      session.on("error", reject);
      session.once("remoteSettings", () => {
        release();
        const refused =
          (socket as TLSSocket).alpnProtocol === false ? "the server speaks no HTTP/2 over TLS (ALPN)" : undefined;
        if (!refused) return resolve(new Http2Connection(authority, session, over.signal, lost));
        destroySoon(session);
        reject(new Error(refused));
      });
      session.once("goaway", (code) => lost(`the server ends the connection (GOAWAY, code ${code})`));
      session.once("close", () => {
        release();
        reject(signal.reason ?? new Error("the connection was closed before the server had spoken HTTP/2"));
        lost("the connection was closed");
        over.abort();
      });
      session.unref();
    });
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: object,
  ): Promise<ClientHttp2Stream> {
    const session = this.#session;
    // Here the call provably has not started, so it is made elsewhere: `code` says so.
    if (session.closed || session.destroyed) throw unavailable();
    const stream = session.request({ ...headers, ":method": method, ":path": path }, options);
    this.#streams += 1;
    if (this.#streams === 1) session.ref();
    endUnanswered(stream);
    if ((stream.id ?? 0) > LAST_STREAM - SPARE) this.#lost("the connection has few stream numbers left");
    stream.once("close", () => {
      this.#streams -= 1;
      if (this.#streams === 0 && !session.destroyed) session.unref();
    });
    return stream;
  }

  /** How many requests the server takes at a time: a further one waits for the end of one. */
  get capacity(): number {
    return this.#session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
  }

  /** Asked for by connect-node. What is heard is told where messages are read. */
  notifyResponseByteRead(): void {}

  /**
   * Asks whether anybody is at the other end; whatever answers will do, a refusal too. Never by a ping: servers close connections
   * that ping oftener than they allow (grpc-go: every five minutes).
   */
  probe(signal: AbortSignal): Promise<void> {
    return this.#streams >= this.capacity ? this.#askByFrame(signal) : this.#askByRequest(signal);
  }

  /** Of grpc.health.v1: it reaches the server also where a proxy ends the connection. */
  #askByRequest(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ":method": "POST",
        ":path": "/grpc.health.v1.Health/Check",
        "content-type": "application/grpc+proto",
        te: "trailers",
      });
      const release = onAbort(signal, () => resetSoon(stream, constants.NGHTTP2_CANCEL));
      stream.once("response", () => resolve());
      stream.once("error", reject);
      stream.once("close", () => {
        release();
        reject(new Error("the probe was ended"));
      });
      stream.resume();
      stream.end(EMPTY_MESSAGE);
    });
  }

  /** Needs no stream. */
  #askByFrame(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let release = () => {};
      const giveUp = askByFrame(this.#session, (error) => {
        release();
        if (error) reject(error);
        else resolve();
      });
      release = onAbort(signal, giveUp);
    });
  }

  /** When this aborts the far side is gone; calls without a deadline would hang for minutes. */
  endWith(dead: AbortSignal): void {
    if (this.#dead === dead) return;
    this.#dead = dead;
    onAbort(dead, () => {
      const cause = dead.reason as Error;
      destroySoon(this.#session, new ConnectError(cause.message, Code.Unavailable, undefined, undefined, cause));
    });
  }

  /** Requests under way may end. */
  close(): void {
    this.#session.close();
  }
}

/**
 * A server that ends its session (forced shutdown) closes streams without an error and without an answer: connect-node would
 * wait for one for ever.
 */
function endUnanswered(stream: ClientHttp2Stream): void {
  let answered = false;
  stream.once("response", () => {
    answered = true;
  });
  stream.once("close", () => {
    if (answered || stream.rstCode !== constants.NGHTTP2_NO_ERROR || stream.listenerCount("error") === 0) return;
    stream.emit("error", new ConnectError("the connection was closed before there was an answer", Code.Unavailable));
  });
}

/** gRPC's frame of an empty message. */
const EMPTY_MESSAGE = Buffer.alloc(5);

function unavailable(): ConnectError {
  const cause = Object.assign(new Error("the connection takes no new requests"), { code: "ERR_HTTP2_INVALID_SESSION" });
  return new ConnectError(cause.message, Code.Unavailable, undefined, undefined, cause);
}
