import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { destroySoon } from "../../async/end-http2.js";
import { type CallHandlers, type Method, RpcCall } from "./call.js";
import { type ConnectOptions, connect, type Http2Connection, wordsOf } from "./connect.js";
import type { PingPace } from "./ping-pace.js";
import { onSilence } from "./silence.js";
import { RpcError, Status } from "./status.js";

/** How long the answer to a ping is awaited, in milliseconds. */
const PING_ANSWER_MS = 4_000;
/** HTTP/2's error code of a server that finds a client's pings too many. */
const ENHANCE_YOUR_CALM = 11;

export interface TransportOptions extends ConnectOptions {
  /** `:authority` of every call. */
  readonly authority: string;
  readonly pace: PingPace;
  /** Told when the other side has closed the connection for too many pings, after the pace was slowed down. */
  onTooManyPings?(): void;
}

/** One HTTP/2 connection that carries gRPC calls, until it is lost, closed or asked to go away. Does not keep Node alive. */
export class Transport {
  /** Resolves with the reason when no new calls can be made over it. Never rejects. */
  readonly ended: Promise<RpcError>;
  /** Whether silence is looked into by pings; not while the other side is known to be busy. */
  pinging = true;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #options: TransportOptions;
  readonly #calls = new Set<{ cancel(failure: RpcError): void }>();
  #end!: (reason: RpcError) => void;
  #reason: RpcError | undefined;
  #heard = 0;
  #pinger: NodeJS.Timeout | undefined;
  #heardAt = performance.now();
  /** Stops awaiting the answer to a ping, while one is under way. */
  #stopAwaiting: (() => void) | undefined;

  /** @throws RpcError; the signal's reason when aborted. */
  static async connect(options: TransportOptions): Promise<Transport> {
    return new Transport(await connect(options), options);
  }

  private constructor({ session, socket }: Http2Connection, options: TransportOptions) {
    this.#session = session;
    this.#socket = socket;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    session.on("error", (error) => this.#lose(wordsOf(error), error));
    session.on("close", () => this.#lose("the connection was closed"));
    session.on("goaway", (code: number, _last: number, data?: Buffer) => this.#goAway(code, data));
    this.#schedulePing();
    if (session.destroyed) this.#lose("the connection was closed");
  }

  /** Grows with everything that arrives for any call; answers to pings are not counted. */
  get heard(): number {
    return this.#heard;
  }

  /** Starts a call. Its headers are sent at once; its messages when they are written. */
  call<Req, Res>(
    method: Method<Req, Res>,
    metadata: Record<string, string>,
    handlers: CallHandlers<Res>,
    maxAnswerBytes?: number,
  ): RpcCall<Req, Res> {
    if (this.#reason) throw this.#reason;
    const stream = this.#session.request({
      ...metadata,
      ":method": "POST",
      ":scheme": this.#options.tls ? "https" : "http",
      ":authority": this.#options.authority,
      ":path": method.path,
      "content-type": "application/grpc",
      "user-agent": "rollcall",
      te: "trailers",
    });
    const context = {
      heard: () => {
        this.#heard += 1;
        this.#heardAt = performance.now();
      },
      lost: () => this.#lostReason(),
    };
    const call = new RpcCall(
      stream,
      method,
      {
        message: handlers.message,
        end: (failure) => {
          this.#calls.delete(call);
          handlers.end(failure);
        },
      },
      context,
      maxAnswerBytes,
    );
    this.#calls.add(call);
    return call;
  }

  /** Ends all calls and the connection. */
  close(reason: RpcError): void {
    this.#finish(reason);
    for (const call of this.#calls) call.cancel(reason);
    destroySoon(this.#session);
  }

  #lostReason(): RpcError | undefined {
    const gone = this.#session.destroyed || this.#session.closed || this.#socket.destroyed;
    return this.#reason ?? (gone ? new RpcError(Status.UNAVAILABLE, "the connection was closed") : undefined);
  }

  #lose(why: string, cause?: Error): void {
    this.#finish(new RpcError(Status.UNAVAILABLE, why, { cause }));
  }

  #finish(reason: RpcError): void {
    if (this.#reason) return;
    this.#reason = reason;
    clearTimeout(this.#pinger);
    this.#stopAwaiting?.();
    this.#end(reason);
  }

  /** Without an error, calls under way may end: Node closes the session after the last of them. */
  #goAway(code: number, data: Buffer | undefined): void {
    const said = data?.toString("latin1").replace(/[^\x20-\x7e]/g, "?") ?? "";
    if (code === ENHANCE_YOUR_CALM && said === "too_many_pings") {
      this.#options.pace.slowDown();
      this.#options.onTooManyPings?.();
    }
    this.#lose(code === 0 ? "it asked the client to go away" : `it closed the connection (${said || `code ${code}`})`);
  }

  /** Only while calls are under way, as gRPC's servers demand, and only when nothing was heard for the whole interval. */
  #schedulePing(): void {
    const { intervalMs } = this.#options.pace;
    const silentMs = performance.now() - this.#heardAt;
    const waitMs = silentMs < intervalMs ? intervalMs - silentMs : intervalMs;
    this.#pinger = setTimeout(() => {
      const silent = performance.now() - this.#heardAt >= intervalMs;
      if (silent && this.pinging && this.#calls.size > 0) this.#ping();
      this.#schedulePing();
    }, waitMs).unref();
  }

  #ping(): void {
    // Node may have destroyed the session, whose end it tells only when the socket is closed.
    if (this.#stopAwaiting || this.#session.destroyed) return;
    const stop = onSilence(
      PING_ANSWER_MS,
      () => this.#socket.bytesRead,
      () => this.close(new RpcError(Status.UNAVAILABLE, "it does not answer pings")),
    );
    this.#stopAwaiting = stop;
    this.#session.ping((error) => {
      stop();
      this.#stopAwaiting = undefined;
      if (!error) this.#heardAt = performance.now();
    });
  }
}
