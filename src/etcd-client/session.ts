import type { Method } from "./rpc/call.js";

export interface CallOptions {
  /** How long nothing may arrive of the answer, in milliseconds; an answer that keeps arriving may take longer. Default 8,000. */
  timeoutMs?: number;
  /** Longest answer that is read, in bytes; see isTooLong(). Default: any. */
  maxAnswerBytes?: number;
  signal?: AbortSignal | undefined;
}

/** A stream of messages both ways, until one side ends it. */
export interface Stream<Req> {
  /** Grows with everything that arrives on it. */
  readonly heardBytes: number;
  write(request: Req): void;
  cancel(): void;
}

export interface StreamHandlers<Res> {
  message(response: Res): void;
  /** Called once, last, unless the stream was cancelled. */
  end(reason: Error): void;
}

/** One connection to one host of the cluster, until it is lost. */
export interface Session {
  readonly host: string;
  /** Resolves with the reason once the session is lost or dropped. Never rejects. */
  readonly ended: Promise<Error>;
  /** Grows with everything that arrives over it. */
  readonly heard: number;
  /** @throws EtcdError; the signal's reason when aborted. A token that is refused is renewed and the call repeated. */
  call<Req, Res>(method: Method<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;
  /** Sends one message on a stream of its own and resolves with the first answer. */
  exchange<Req, Res>(method: Method<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;
  /** A stream under the token of now, without a limit. */
  stream<Req, Res>(method: Method<Req, Res>, handlers: StreamHandlers<Res>): Stream<Req>;
  /** Logs in again, where there is a user and nobody else has done so since the last stream was opened. */
  renewToken(): Promise<void>;
  /** Ends the session and everything that runs over it. */
  drop(reason: Error): void;
}

/** Where sessions come from. */
export interface Sessions {
  /** The session in use; rejects with the reason when trying every host once brought none. */
  session(): Promise<Session>;
}
