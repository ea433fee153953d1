import * as grpc from "@grpc/grpc-js";
import { outcomeOf } from "../../balancer/outcome.js";
import { isInstrumented } from "../../observe/calls/foreign-span.js";
import { observeServedCall, type ServedObservation } from "../../observe/calls/served-call.js";
import { callUntil, runInCall } from "../call-context.js";
import { headersOf } from "../carried-call.js";
import type { EndedCall } from "./call-stats.js";
import { sizeOf } from "./message-sizes.js";
import { deadlineOf, endOfCancelled, isHealthCall, isUnary } from "./served-method.js";

export interface ServedCallsOptions {
  /** Longest time a unary call of this path may take, in milliseconds; 0 = no limit. */
  timeoutOf(path: string): number;
  /** Which measurements and spans calls get. Default all, where anybody looks. */
  readonly observed?: { readonly metrics: boolean; readonly traces: boolean };
  /** Called when a unary call has ended. */
  onUnaryEnd?(call: EndedCall): void;
}

/**
 * The calls that a server is working on: gives each its time limit and its context, and can end those that are left when
 * the server must go. What a handler says after the end of its call is dropped.
 */
export class ServedCalls {
  readonly #options: ServedCallsOptions;
  readonly #running = new Set<ServedCall>();

  constructor(options: ServedCallsOptions) {
    this.#options = options;
  }

  /** Calls that ended, and those of them that failed by this server's fault; its health service not counted. */
  readonly counts = { calls: 0, failures: 0 };

  get size(): number {
    return this.#running.size;
  }

  /** To be given to the grpc.Server. */
  readonly interceptor: grpc.ServerInterceptor = (method, call) => {
    const unary = isUnary(method);
    const isHealth = isHealthCall(method.path);
    const { metrics, traces } = this.#options.observed ?? { metrics: true, traces: true };
    const wanted = { metrics, traces: traces && !isInstrumented(grpc.Server.prototype.register) };
    const observed = isHealth ? undefined : observeServedCall(method.path, wanted);
    const served = new ServedCall(call, method.path, unary ? this.#options.timeoutOf(method.path) : 0, observed);
    // Not before it starts: of one whose connection broke meanwhile nothing more is heard.
    served.onStart = () => this.#running.add(served);
    served.onEnd = (code, lasted) => {
      this.#running.delete(served);
      if (unary && served.startedAt) {
        const ms = performance.now() - served.startedAt;
        this.#options.onUnaryEnd?.({ path: method.path, ms, peer: call.getPeer() });
      }
      if (isHealth) return;
      this.counts.calls += 1;
      if (outcomeOf(code, false, lasted) === "failure") this.counts.failures += 1;
    };
    return served.interceptingCall;
  };

  /** Ends all calls, or those of one path prefix. UNAVAILABLE is what clients' retry policies take up. */
  endAll(details: string, pathPrefix = ""): number {
    const ended = [...this.#running].filter((call) => call.path.startsWith(pathPrefix));
    for (const call of ended) call.end({ code: grpc.status.UNAVAILABLE, details });
    return ended.length;
  }
}

class ServedCall {
  readonly path: string;
  readonly interceptingCall: grpc.ServerInterceptingCall;
  /** Milliseconds of performance.now; 0 until it starts. */
  startedAt = 0;
  onStart: (() => void) | undefined;
  /** @param lasted whether it was answered by a message, and its caller's deadline has ended it. */
  onEnd: ((code: grpc.status, lasted: boolean) => void) | undefined;
  readonly #call: grpc.ServerInterceptingCallInterface;
  readonly #deadline: number;
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  #answered = false;
  #ended = false;

  readonly #observed: ServedObservation | undefined;

  constructor(
    call: grpc.ServerInterceptingCallInterface,
    path: string,
    timeoutMs: number,
    observed: ServedObservation | undefined,
  ) {
    this.path = path;
    this.#observed = observed;
    this.#call = call;
    this.#deadline = deadlineOf(call);
    this.#timeoutMs = timeoutMs;
    this.interceptingCall = new grpc.ServerInterceptingCall(call, {
      start: (next) => next(this.#listener()),
      sendMetadata: (metadata, next) => this.#ended || next(metadata),
      sendMessage: (message, next) => {
        if (this.#ended) return;
        this.#answered = true;
        next(message);
        this.#observed?.sent(sizeOf(message));
      },
      sendStatus: (status, next) => {
        if (this.#ended) return;
        this.#finish(status.code ?? grpc.status.OK, status.details ?? "");
        next(status);
      },
    });
  }

  end(status: { code: grpc.status; details: string }): void {
    if (this.#ended) return;
    this.#finish(status.code, status.details);
    this.#call.sendStatus(status);
  }

  #listener(): grpc.ServerListener {
    let inCall = (run: () => void): void => run();
    return {
      onReceiveMetadata: (metadata, next) => {
        this.startedAt = performance.now();
        this.onStart?.();
        const context = callUntil(this.#limit());
        const observed = this.#observed;
        observed?.started(headersOf(metadata), this.#call.getPeer());
        inCall = observed ? (run) => observed.run(() => runInCall(context, run)) : (run) => runInCall(context, run);
        inCall(() => next(metadata));
      },
      onReceiveMessage: (message, next) => {
        this.#observed?.received(sizeOf(message));
        inCall(() => next(message));
      },
      onReceiveHalfClose: (next) => inCall(next),
      onCancel: () => {
        const { code, details } = endOfCancelled(this.#deadline);
        this.#finish(code, details, this.#answered);
      },
    };
  }

  /**
   * Starts the server's own time limit; the client's deadline is kept by grpc-js. @returns whichever is sooner, in milliseconds of
   * performance.now.
   */
  #limit(): number {
    if (this.#timeoutMs <= 0) return this.#deadline;
    this.#timer = setTimeout(() => {
      const details = `${this.path} did not end within the server's limit of ${this.#timeoutMs} ms`;
      this.end({ code: grpc.status.DEADLINE_EXCEEDED, details });
    }, this.#timeoutMs);
    return Math.min(this.#deadline, performance.now() + this.#timeoutMs);
  }

  #finish(code: grpc.status, details: string, lasted = false): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#observed?.ended(code, details);
    this.onEnd?.(code, lasted);
  }
}
