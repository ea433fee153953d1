import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { afterRead } from "../../async/after-read.js";
import { destroySoon } from "../../async/end-http2.js";
import { onAbort } from "../../async/on-abort.js";
import { RpcError, Status } from "./status.js";

/** How much the other side may send of one answer, and of all together, before it is read. */
const STREAM_WINDOW_BYTES = 1 << 20;
const SESSION_WINDOW_BYTES = 2 << 20;

export interface ConnectOptions {
  readonly address: string;
  readonly port: number;
  /** Encrypts, with these settings. Default: plaintext. */
  readonly tls?: ConnectionOptions | undefined;
  /** Limit of it all, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Http2Connection {
  readonly session: ClientHttp2Session;
  /** The socket beneath; it counts what arrives. */
  readonly socket: Socket;
}

/**
 * An HTTP/2 connection on which the other side has spoken: its settings have arrived. It does not keep Node alive.
 * @throws RpcError UNAVAILABLE with Node's error as its cause; the signal's reason when aborted.
 */
export function connect({ address, port, tls, timeoutMs, signal }: ConnectOptions): Promise<Http2Connection> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = open(address, port, tls);
    let session: ClientHttp2Session | undefined;
    let stage = "it cannot be connected to";

    const settle = () => {
      stopTimer();
      release();
    };
    const fail = (error: Error) => {
      settle();
      if (session) destroySoon(session);
      else socket.destroy();
      reject(error);
    };
    const failed = (why: string, cause?: Error) => fail(new RpcError(Status.UNAVAILABLE, why, { cause }));
    const stopTimer = afterRead(timeoutMs, () => failed(`${stage} within ${timeoutMs} ms`));
    const release = onAbort(signal, () => fail(signal.reason));

    socket.unref();
    socket.on("error", (error) => failed(wordsOf(error), error));
    socket.once("close", () => failed(closedEarly(tls !== undefined)));
    socket.once(tls ? "secureConnect" : "connect", () => {
      if (tls && (socket as TLSSocket).alpnProtocol !== "h2") {
        return failed("it does not speak HTTP/2 over TLS");
      }
      stage = "it does not answer";
      session = connectHttp2(tls ? "https://etcd" : "http://etcd", {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
        maxSessionMemory: Number.MAX_SAFE_INTEGER, // what is read is limited where it is asked for
      });
      session.unref();
      session.on("error", (error) => failed(wordsOf(error), error));
      session.once("close", () => failed(closedEarly(tls !== undefined)));
      session.once("remoteSettings", () => {
        settle();
        session!.setLocalWindowSize(SESSION_WINDOW_BYTES);
        resolve({ session: session!, socket });
      });
    });
  });
}

function open(address: string, port: number, tls: ConnectionOptions | undefined): Socket {
  const socket = tls
    ? connectTls({ ...tls, host: address, port, ALPNProtocols: ["h2"] })
    : connectTcp({ host: address, port });
  socket.setNoDelay(true);
  return socket;
}

/** Said before anything was received. */
function closedEarly(encrypted: boolean): string {
  return encrypted
    ? "it closed the connection during the TLS handshake"
    : "it closed the connection without a word, as a server that expects TLS does";
}

/** OpenSSL's reason alone: its message has an address of memory in it, which makes equal failures look different. */
export function wordsOf(error: Error): string {
  const { reason } = error as { reason?: unknown };
  return typeof reason === "string" ? `TLS: ${reason}` : error.message;
}
