import { onAbort } from "../async/on-abort.js";
import { describeFailure, EtcdError, isTokenStale } from "./errors.js";
import { AuthService, KVService, MaintenanceService } from "./methods.js";
import type { CallHandlers, Method, RpcCall } from "./rpc/call.js";
import { oneAnswer } from "./rpc/one-answer.js";
import { RpcError, Status } from "./rpc/status.js";
import type { Transport } from "./rpc/transport.js";
import type { CallOptions, Session, Stream, StreamHandlers } from "./session.js";
import type { ConnectionSettings } from "./settings.js";
import { ANY_KEY, isTokenAnswered } from "./token-trial.js";
import { noTokenWithoutAuthentication, type Tokens } from "./tokens.js";

/** Limit of a silence in an answer. etcd itself gives up on a write without quorum after about 7 s. */
const CALL_TIMEOUT_MS = 8_000;

/** Renewals of the token for one call: a short-lived token may run out again before a slow etcd looks at it. */
const MAX_RENEWALS = 3;

/** What a session needs of its connection. */
export interface SessionOptions {
  readonly settings: ConnectionSettings;
  readonly tokens: Tokens;
  readonly signal: AbortSignal;
}

/** A session over one transport. */
export class EtcdSession implements Session {
  readonly host: string;
  readonly ended: Promise<Error>;
  readonly #transport: Transport;
  readonly #options: SessionOptions;
  /** The token under which the last stream was opened. */
  #streamToken: string | undefined;
  #dropped: Error | undefined;
  #end!: (reason: Error) => void;

  constructor(host: string, transport: Transport, options: SessionOptions) {
    this.host = host;
    this.#transport = transport;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    void transport.ended.then((reason) => this.#end(this.#dropped ?? this.#describe(reason)));
  }

  get heard(): number {
    return this.#transport.heard;
  }

  /** Logs in where there is no token yet. Status is answered by the host itself and asks for no permission, but from 3.6 on for a user. */
  async open(timeoutMs: number): Promise<void> {
    const release = onAbort(this.#options.signal, () => this.drop(this.#options.signal.reason));
    try {
      await this.#tryToken(timeoutMs);
      if (this.#options.settings.user !== undefined && this.#options.tokens.current === undefined) {
        await this.#renew(undefined);
      }
      const { leader, isLearner } = await this.call(MaintenanceService.status, {}, { timeoutMs });
      if (leader === 0n) throw new EtcdError(this.host, Status.UNAVAILABLE, "it knows no leader (no quorum?)");
      if (isLearner) throw new EtcdError(this.host, Status.UNAVAILABLE, "it is a learner, which answers no reads");
    } catch (error) {
      this.drop(error as Error);
      throw error;
    } finally {
      release();
    }
  }

  /** Where the token is one of an earlier session. */
  async #tryToken(timeoutMs: number): Promise<void> {
    const token = this.#options.tokens.current;
    if (token === undefined) return;
    const ask = (token: string | undefined, signal: AbortSignal) =>
      this.#ask("unary", KVService.range, ANY_KEY, { timeoutMs, signal }, token);
    if (!(await isTokenAnswered(token, ask, timeoutMs))) await this.#renew(token);
  }

  call<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions = {}): Promise<Res> {
    return this.#withFreshToken((token) => this.#ask("unary", method, request, options, token));
  }

  exchange<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions = {}): Promise<Res> {
    return this.#withFreshToken((token) => this.#ask("exchange", method, request, options, token));
  }

  stream<Req, Res>(method: Method<Req, Res>, handlers: StreamHandlers<Res>): Stream<Req> {
    const token = this.#options.tokens.current;
    this.#streamToken = token;
    let cancelled = false;
    const ended = new RpcError(Status.UNAVAILABLE, "it ended the stream");
    const call = this.#start(method, token, {
      message: (response) => {
        if (!cancelled) handlers.message(response);
      },
      end: (failure) => {
        if (!cancelled) handlers.end(this.#describe(failure ?? ended));
      },
    });
    return {
      get heardBytes() {
        return call.heardBytes;
      },
      write: (request) => call.write(request),
      cancel: () => {
        cancelled = true;
        call.cancel();
      },
    };
  }

  renewToken(): Promise<void> {
    return this.#options.settings.user === undefined ? Promise.resolve() : this.#renew(this.#streamToken);
  }

  drop(reason: Error): void {
    if (this.#dropped) return;
    this.#dropped = reason;
    this.#end(reason);
    this.#transport.close(new RpcError(Status.UNAVAILABLE, "the session was dropped", { cause: reason }));
  }

  async #withFreshToken<T>(attempt: (token: string | undefined) => Promise<T>): Promise<T> {
    for (let renewals = 0; ; renewals++) {
      const token = this.#options.tokens.current;
      try {
        return await attempt(token);
      } catch (error) {
        const { user } = this.#options.settings;
        if (!isTokenStale(error) || user === undefined || renewals === MAX_RENEWALS) throw error;
        await this.#renew(token);
      }
    }
  }

  /** A log-in carries no token: one that has expired would make etcd refuse it. */
  #renew(refused: string | undefined): Promise<void> {
    const { user = "", pass = "" } = this.#options.settings;
    return this.#options.tokens.renew(refused, async (timeoutMs) => {
      // An etcd that hashes the passwords of many has no time for pings; the limit of the log-in is enough.
      this.#transport.pinging = false;
      try {
        const request = { name: user, password: pass };
        const { token } = await this.#ask("unary", AuthService.authenticate, request, { timeoutMs }, undefined);
        return token;
      } catch (error) {
        return noTokenWithoutAuthentication(this.host, user, error);
      } finally {
        this.#transport.pinging = true;
      }
    });
  }

  #ask<Req, Res>(
    as: "unary" | "exchange",
    method: Method<Req, Res>,
    request: Req,
    { timeoutMs = CALL_TIMEOUT_MS, maxAnswerBytes, signal }: CallOptions,
    token: string | undefined,
  ): Promise<Res> {
    const { heard } = this;
    return oneAnswer<Req, Res>({
      request,
      as,
      timeoutMs,
      signal,
      start: (handlers) => this.#start(method, token, handlers, maxAnswerBytes),
      late: (failure) => {
        // Where nothing else was heard either, the connection is in question: another host may do better.
        if (this.heard === heard) this.drop(this.#describe(failure));
      },
      describe: (failure) => this.#describe(failure),
    });
  }

  /** @throws EtcdError when the session is lost. */
  #start<Req, Res>(
    method: Method<Req, Res>,
    token: string | undefined,
    handlers: CallHandlers<Res>,
    maxAnswerBytes?: number,
  ): RpcCall<Req, Res> {
    // A host without a leader says so at once, also in the midst of a stream.
    const metadata = { hasleader: "true", ...(token !== undefined && { token }) };
    try {
      return this.#transport.call(method, metadata, handlers, maxAnswerBytes);
    } catch (error) {
      const failure = error instanceof RpcError ? error : new RpcError(Status.UNAVAILABLE, String(error));
      throw this.#describe(failure);
    }
  }

  #describe(failure: RpcError): Error {
    if (this.#dropped && failure.cause === this.#dropped) return this.#dropped;
    return describeFailure(failure, this.host, this.#options.settings);
  }
}
