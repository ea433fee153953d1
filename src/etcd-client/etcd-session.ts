import { sleep } from "../async/backoff.js";
import { onAbort } from "../async/on-abort.js";
import { RangeRequest } from "../proto/etcd.js";
import { describeFailure, EtcdError, isTokenStale } from "./errors.js";
import { AuthService, KVService, MaintenanceService } from "./methods.js";
import type { CallHandlers, Method, RpcCall } from "./rpc/call.js";
import { onSilence } from "./rpc/silence.js";
import { RpcError, Status } from "./rpc/status.js";
import type { Transport } from "./rpc/transport.js";
import type { CallOptions, Session, Stream, StreamHandlers } from "./session.js";
import type { ConnectionSettings } from "./settings.js";
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

  /**
   * A simple token is numbered by etcd's history, and etcd waits in silence until it has come so far: for ever, where it was wiped or restored
   * and set up with the same users. So a token of an earlier session is tried first: where nothing answers it, but the same question
   * without a token is answered, it was the token. A Range, because etcd 3.4 and 3.5 look at no token for Status.
   */
  async #tryToken(timeoutMs: number): Promise<void> {
    const token = this.#options.tokens.current;
    if (token === undefined) return;
    const over = new AbortController();
    const { signal } = over;
    const ask = (token?: string) => this.#once(KVService.range, ANY_KEY, { timeoutMs, signal }, token);
    const answered = ask(token).then(
      () => true,
      () => true,
    );
    if (!(await Promise.race([answered, sleep(timeoutMs / 3, signal, { unref: true })]))) {
      const isNotTheToken = ask().then(
        () => false,
        (error) => !isRefusal(error),
      );
      const isGood = await Promise.race([answered, isNotTheToken]);
      if (!isGood) await this.#renew(token);
    }
    over.abort();
  }

  call<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions = {}): Promise<Res> {
    return this.#withFreshToken((token) => this.#once(method, request, options, token));
  }

  exchange<Req, Res>(method: Method<Req, Res>, request: Req, options: CallOptions = {}): Promise<Res> {
    return this.#withFreshToken((token) => this.#once(method, request, options, token, true));
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
        return (await this.#once(AuthService.authenticate, request, { timeoutMs }, undefined)).token;
      } catch (error) {
        return noTokenWithoutAuthentication(this.host, user, error);
      } finally {
        this.#transport.pinging = true;
      }
    });
  }

  #once<Req, Res>(
    method: Method<Req, Res>,
    request: Req,
    { timeoutMs = CALL_TIMEOUT_MS, maxAnswerBytes, signal }: CallOptions,
    token: string | undefined,
    endAfterAnswer = false,
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let cleanUp = () => {};
      let call: RpcCall<Req, Res> | undefined;
      let answer: { readonly response: Res } | undefined;
      const handlers: CallHandlers<Res> = {
        message: (response) => {
          answer = { response };
          if (!endAfterAnswer) return; // it counts with the status that follows
          resolve(response);
          call?.endWrites();
        },
        end: (failure) => {
          cleanUp();
          if (signal?.aborted) reject(signal.reason);
          else if (failure || !answer) reject(this.#describe(failure ?? NO_ANSWER));
          else resolve(answer.response);
        },
      };
      try {
        call = this.#start(method, token, handlers, maxAnswerBytes);
      } catch (error) {
        return reject(error);
      }
      const limited = call;
      const { heard } = this;
      const stop = onSilence(
        timeoutMs,
        () => limited.heardBytes,
        () => {
          const late = new RpcError(Status.DEADLINE_EXCEEDED, "no answer in time");
          limited.cancel(late);
          // Where nothing else was heard either, the connection is in question: another host may do better.
          if (this.heard === heard) this.drop(this.#describe(late));
        },
      );
      const release = onAbort(signal, () => limited.cancel());
      cleanUp = () => {
        stop();
        release();
      };
      call.write(request);
      if (!endAfterAnswer) call.endWrites();
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

/** What it holds is of no interest, nor whether it may be read. */
const ANY_KEY = RangeRequest.create({ key: Buffer.from("rollcall"), countOnly: true, serializable: true });

/** Said by an etcd that answers, and will not without a token. */
function isRefusal(error: unknown): boolean {
  return error instanceof EtcdError && error.code !== Status.UNAVAILABLE && error.code !== Status.DEADLINE_EXCEEDED;
}

const NO_ANSWER = new RpcError(Status.INTERNAL, "it did not answer");
