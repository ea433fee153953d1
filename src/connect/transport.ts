import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
} from "@bufbuild/protobuf";
import {
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
import { commonOptions, type PoolOptions } from "../pool/options.js";
import { ServicePool } from "../pool/pool.js";
import type { PoolStats } from "../pool/stats.js";
import { checkNames, targetOf } from "../target/given.js";
import { observedAnswers, UNREAD_MS } from "./answers.js";
import { explained, onAnInstance } from "./attempts.js";
import { type Call, LONGEST_MS, pathOf, timeLeft } from "./call.js";
import { calledAt } from "./call-url.js";
import { connectInstance, type InstanceConnection } from "./instance-connection.js";
import { Messages } from "./messages.js";
import { callingOf, NAMES, type RollcallTransportOptions } from "./options.js";

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
    const pool: PoolOptions<InstanceConnection> = {
      connect: (_instance, context) => connectInstance(calling, context),
      close: (connection) => connection.close(),
      ...(calling.httpVersion === "2" && { probe: async (connection, signal) => connection.probe?.(signal) }),
      ...commonOptions(options),
    };
    this.#pool = new ServicePool(target, pool, ({ capacity }) => capacity());
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeaderInit,
    message: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const { deadline, ...limits } = this.#limits(signal, timeoutMs);
    try {
      return await runUnaryCall<I, O>({
        ...limits,
        req: { stream: false, ...this.#request(method, header, contextValues), method, message },
        next: (req: UnaryRequest<I, O>) => this.#sendUnary(method, req, deadline),
      });
    } catch (reason) {
      throw explained(this.#pool, reason);
    }
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeaderInit,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const { deadline, ...limits } = this.#limits(signal, timeoutMs);
    try {
      return await runStreamingCall<I, O>({
        ...limits,
        req: { stream: true, ...this.#request(method, header, contextValues), method, message: input },
        next: (req: StreamRequest<I, O>) => this.#sendStream(method, req, deadline),
      });
    } catch (reason) {
      throw explained(this.#pool, reason);
    }
  }

  stats(): PoolStats {
    return this.#pool.stats();
  }

  async close(): Promise<void> {
    const stopTimer = systemTiming.after(UNREAD_MS, () => this.#givenUp.abort());
    await this.#pool.close();
    stopTimer();
  }

  #sendUnary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    { signal, url, header, message }: UnaryRequest<I, O>,
    deadline: number | undefined,
  ): Promise<UnaryResponse<I, O>> {
    const call: Call = { kind: pathOf(method), signal, deadline };
    const again = () => true;
    return onAnInstance(this.#pool, call, again, async (lease) => {
      const { transport } = lease.connection;
      const sent = message as MessageInitShape<I>;
      const response = await transport.unary(method, signal, timeLeft(deadline), header, sent, calledAt(url));
      lease.finish("success");
      return response;
    });
  }

  #sendStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    { signal, url, header, message }: StreamRequest<I, O>,
    deadline: number | undefined,
  ): Promise<StreamResponse<I, O>> {
    const messages = new Messages(message);
    const call: Call = { kind: pathOf(method), signal, deadline, inputFailed: () => messages.failed };
    const again = () => messages.replayable;
    return onAnInstance(this.#pool, call, again, async (lease) => {
      const { transport, over } = lease.connection;
      const sent = messages.attempt() as AsyncIterable<MessageInitShape<I>>;
      const abort = new AbortController();
      const cancel = () => abort.abort(signal.reason);
      const unlink = onAbort(signal, cancel);
      try {
        const left = timeLeft(deadline);
        const response = await transport.stream(method, abort.signal, left, header, sent, calledAt(url));
        messages.forget();
        const answered = { ...call, lease, over, givenUp: this.#givenUp.signal, cancel, unlink };
        return { ...response, message: observedAnswers(response.message, answered) };
      } catch (reason) {
        unlink();
        throw reason;
      }
    });
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

  /** What bounds a call. As Connect's own transports have it, a timeout of 0 and less is none. */
  #limits(signal: AbortSignal | undefined, timeoutMs = this.#options.defaultTimeoutMs) {
    const interceptors = this.#options.interceptors ?? [];
    const all = { interceptors, deadline: undefined, ...(signal && { signal }) };
    if (timeoutMs === undefined || timeoutMs <= 0) return all;
    const limitMs = Math.min(timeoutMs, LONGEST_MS);
    return { ...all, timeoutMs: limitMs, deadline: performance.now() + limitMs };
  }
}
