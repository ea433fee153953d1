import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { createMethodUrl, runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { onAbort } from "../async/on-abort.js";
import { systemTiming } from "../async/timing.js";
import { NoInstanceError, PoolClosedError } from "../pool/errors.js";
import type { PoolLease } from "../pool/lease.js";
import { notStarted } from "../pool/outcome.js";
import { ServicePool } from "../pool/pool.js";
import type { PoolStats } from "../pool/stats.js";
import { checkNames, targetOf } from "../target/given.js";
import { observedAnswers } from "./answers.js";
import { type Call, LONGEST_MS, pathOf, timeLeft } from "./call.js";
import { connectInstance, type InstanceConnection } from "./instance-connection.js";
import { Messages } from "./messages.js";
import { callingOf, NAMES, type RollcallTransportOptions } from "./options.js";
import { endFailed } from "./outcome.js";

/** A Connect transport to the instances of a service: each call goes to a lightly loaded one. */
export interface RollcallTransport extends Transport {
  /** The instances, how they are connected and what the balancer knows of them. */
  stats(): PoolStats;
  /**
   * Takes no further calls; resolves when those under way have ended and the connections are closed. A stream whose answers nobody
   * reads after 5 s is ended. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * A transport for `createClient` of @connectrpc/connect. The instances are connected to at once; calls wait for them within
 * their deadline. It does not keep the process alive: calls under way do.
 * @throws TypeError when the target or an option cannot be obeyed.
 */
export function createRollcallTransport(options: RollcallTransportOptions): RollcallTransport {
  return new BalancedTransport(options);
}

/** How long close() leaves a stream alone that nobody reads from: its reader may have broken off, which is not seen. Milliseconds. */
const UNREAD_MS = 5_000;

type Lease = PoolLease<InstanceConnection>;

/** What the class of node's globals takes, which have no name for it. */
type HeaderInit = ConstructorParameters<typeof Headers>[0];

class BalancedTransport implements RollcallTransport {
  readonly #options: RollcallTransportOptions;
  readonly #baseUrl: string;
  readonly #pool: ServicePool<InstanceConnection>;
  readonly #givenUp = new AbortController();

  constructor(options: RollcallTransportOptions) {
    checkNames("the transport", options, NAMES);
    const target = targetOf(options.target);
    const calling = callingOf(options, target);
    this.#options = options;
    this.#baseUrl = calling.baseUrl;
    const { zone, subset, connectMs, waitMs } = options;
    this.#pool = new ServicePool<InstanceConnection>(target, {
      connect: (_instance, context) => connectInstance(calling, context),
      close: (connection) => connection.close(),
      ...(calling.httpVersion === "2" && { probe: async (connection, signal) => connection.probe?.(signal) }),
      zone,
      subset,
      connectMs,
      waitMs,
    });
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeaderInit,
    message: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const limitMs = this.#limitOf(timeoutMs);
    const deadline = limitMs === undefined ? undefined : performance.now() + limitMs;
    return this.#explained(
      runUnaryCall<I, O>({
        interceptors: this.#options.interceptors ?? [],
        ...(signal && { signal }),
        ...(limitMs !== undefined && { timeoutMs: limitMs }),
        req: { stream: false, ...this.#request(method, header, contextValues), method, message },
        next: (req: UnaryRequest<I, O>) => {
          const call = { kind: pathOf(method), signal: req.signal, deadline };
          return this.#call(
            call,
            () => true,
            async (lease) => {
              const { transport } = lease.connection;
              const left = timeLeft(deadline);
              const message = req.message as MessageInitShape<I>;
              const response = await transport.unary(method, req.signal, left, req.header, message, req.contextValues);
              lease.finish("success");
              return response;
            },
          );
        },
      }),
    );
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeaderInit,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const limitMs = this.#limitOf(timeoutMs);
    const deadline = limitMs === undefined ? undefined : performance.now() + limitMs;
    return this.#explained(
      runStreamingCall<I, O>({
        interceptors: this.#options.interceptors ?? [],
        ...(signal && { signal }),
        ...(limitMs !== undefined && { timeoutMs: limitMs }),
        req: { stream: true, ...this.#request(method, header, contextValues), method, message: input },
        next: (req: StreamRequest<I, O>) => {
          const messages = new Messages(req.message);
          const call = { kind: pathOf(method), signal: req.signal, deadline, inputFailed: () => messages.failed };
          return this.#call(
            call,
            () => messages.replayable,
            async (lease) => {
              const { transport, over } = lease.connection;
              const sent = messages.attempt() as AsyncIterable<MessageInitShape<I>>;
              const abort = new AbortController();
              const cancel = () => abort.abort(req.signal.reason);
              const unlink = onAbort(req.signal, cancel);
              try {
                const left = timeLeft(deadline);
                const response = await transport.stream(
                  method,
                  abort.signal,
                  left,
                  req.header,
                  sent,
                  req.contextValues,
                );
                messages.forget();
                const answered = { ...call, lease, over, givenUp: this.#givenUp.signal, cancel, unlink };
                return { ...response, message: observedAnswers(response.message, answered) };
              } catch (reason) {
                unlink();
                throw reason;
              }
            },
          );
        },
      }),
    );
  }

  stats(): PoolStats {
    return this.#pool.stats();
  }

  async close(): Promise<void> {
    const stopTimer = systemTiming.after(UNREAD_MS, () => this.#givenUp.abort());
    await this.#pool.close();
    stopTimer();
  }

  #request(method: DescMethod, header: HeaderInit, contextValues: ContextValues | undefined) {
    return {
      service: method.parent,
      requestMethod: "POST",
      url: createMethodUrl(this.#baseUrl, method),
      header: new Headers(header ?? {}),
      contextValues: contextValues ?? createContextValues(),
    };
  }

  /** As Connect's own transports have it: 0 and less are no limit. */
  #limitOf(timeoutMs: number | undefined): number | undefined {
    const given = timeoutMs ?? this.#options.defaultTimeoutMs;
    return given === undefined || given <= 0 ? undefined : Math.min(given, LONGEST_MS);
  }

  /** Makes a call on one instance and, where it provably did not start there, once more on another. */
  async #call<R>(call: Call, again: () => boolean, attempt: (lease: Lease) => Promise<R>): Promise<R> {
    const tried = new Set<string>();
    for (;;) {
      const lease = await this.#pool.acquire(call, tried);
      lease.connection.endWith?.(lease.dead);
      try {
        return await attempt(lease);
      } catch (reason) {
        const error = endFailed({ lease, ...call }, reason);
        const unstarted = !call.signal.aborted && !call.inputFailed?.() && notStarted(reason);
        // Where each request may dial, only this says that nobody answers there any more.
        if (unstarted && !lease.connection.probe) lease.connection.lost(error.rawMessage);
        if (!unstarted || tried.size > 0 || !again()) throw error;
        tried.add(lease.id);
      }
    }
  }

  /** What a caller is told who got no instance. */
  async #explained<R>(call: Promise<R>): Promise<R> {
    try {
      return await call;
    } catch (reason) {
      const error = ConnectError.from(reason);
      const { cause } = error;
      if (cause instanceof NoInstanceError || cause instanceof PoolClosedError) {
        throw new ConnectError(cause.message, Code.Unavailable, undefined, undefined, cause);
      }
      const why = error.code === Code.DeadlineExceeded ? this.#pool.explain() : undefined;
      throw why === undefined
        ? error
        : new ConnectError(`${error.rawMessage}: ${why}`, error.code, undefined, undefined, error);
    }
  }
}
