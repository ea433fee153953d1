import type { Context, Span } from "@opentelemetry/api";
import { harmless } from "../harmless.js";
import { type ChannelLabels, methodLabel } from "../metrics/labels.js";
import { currentMeasures, type Measures } from "../metrics/measures.js";
import { openTelemetry } from "../opentelemetry.js";
import { statusName } from "../status-names.js";
import { epochOffset } from "../wall-time.js";
import { clientAttributes, methodAttributes, peerAttributes } from "./attributes.js";
import { adoptableSpan } from "./foreign-span.js";
import { type Headers, writer } from "./headers.js";
import { isTracing, tracer } from "./tracing.js";

/** Which measurements and spans a call gets. */
export interface Wanted {
  readonly metrics: boolean;
  readonly traces: boolean;
  /** Another instrumentation has a span for the call already, whether or not the current context has it at hand. */
  readonly spanned?: boolean;
}

/** Begins to observe a call that the current code makes; undefined while nobody looks, which is nearly free. */
export function observeCall(path: string, channel: ChannelLabels, wanted: Wanted): ClientCall | undefined {
  const measures = wanted.metrics ? currentMeasures() : undefined;
  const traced = wanted.traces && isTracing();
  if (!measures && !traced) return undefined;
  const active = openTelemetry()?.context.active();
  const foreign = traced && active ? harmless(() => adoptableSpan(active, path)) : undefined;
  const begins = traced && active && !foreign && wanted.spanned !== true;
  const own = begins ? harmless(() => beginSpan(path, channel.service, active)) : undefined;
  return new ClientCall(path, channel, measures, { own, foreign }, active);
}

/** One call of a client, with all its attempts: its span, and what is measured of it. */
export class ClientCall {
  readonly #channel: ChannelLabels;
  readonly #path: string;
  readonly #method: string;
  readonly #measures: Measures | undefined;
  readonly #began = performance.now();
  readonly #span: Span | undefined;
  /** Another instrumentation made the span, and ends it. */
  readonly #adopted: boolean;
  /** Undefined where there is no SDK. */
  readonly #context: Context | undefined;
  #retries = 0;
  #hedges = 0;
  readonly #attempts: ClientAttempt[] = [];
  /** Those that have ended, in the order of their ends. */
  readonly #endedAttempts: ClientAttempt[] = [];
  #ended = false;

  /** Use observeCall(). */
  constructor(
    path: string,
    channel: ChannelLabels,
    measures: Measures | undefined,
    { own, foreign }: { readonly own: Span | undefined; readonly foreign: Span | undefined },
    active: Context | undefined,
  ) {
    this.#path = path;
    this.#channel = channel;
    this.#method = methodLabel(path);
    this.#measures = measures;
    this.#span = foreign ?? own;
    this.#adopted = foreign !== undefined;
    this.#context = this.#span && active ? openTelemetry()!.trace.setSpan(active, this.#span) : active;
    if (foreign) harmless(() => foreign.setAttribute("rollcall.service", channel.service));
  }

  /** Tells the server, by the headers of the call, which trace it belongs to. */
  inject(headers: Headers): void {
    if (this.#span) harmless(() => openTelemetry()!.propagation.inject(this.#context!, headers, writer));
  }

  /**
   * An attempt begins. The span of a call with one attempt says all there is to say; once there is a second one, each is a span of
   * its own, the first one included.
   * @param peer `host:port` of the instance.
   */
  attempt(peer: string, headers: Headers): ClientAttempt {
    this.#measures?.attemptStarted(this.#channel, this.#method);
    const attempt = new ClientAttempt(peer, (code, sent, received) => {
      const seconds = (performance.now() - attempt.began) / 1000;
      this.#endedAttempts.push(attempt);
      this.#measures?.attemptEnded(this.#channel, this.#method, code, seconds, sent, received);
    });
    this.#attempts.push(attempt);
    if (this.#attempts.length > 1) {
      const reason = this.#reasonForMore();
      if (this.#span) harmless(() => this.#traceAttempts(attempt, reason, headers));
    }
    return attempt;
  }

  /** Counts an attempt after the first. While one has ended that no other has followed it is its retry, else a copy beside those that run. */
  #reasonForMore(): string {
    const last = this.#endedAttempts.at(-1);
    if (!last || this.#endedAttempts.length <= this.#retries) {
      this.#hedges += 1;
      return "hedge";
    }
    this.#retries += 1;
    return `retry after ${statusName(last.code!)}`;
  }

  /** The call is over, as its caller sees it. Once; more is ignored. */
  ended(code: number, details: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#measures?.callEnded(this.#channel, this.#method, code, (performance.now() - this.#began) / 1000, {
      retries: this.#retries,
      hedges: this.#hedges,
    });
    const span = this.#span;
    if (span) harmless(() => this.#endSpans(span, code, details));
  }

  #endSpans(span: Span, code: number, details: string): void {
    const attempts = this.#attempts;
    // The one that answered: of several that run at once, the last to end as the call did.
    const answered = this.#endedAttempts.findLast((one) => one.code === code);
    const attempt = answered ?? attempts.at(-1);
    if (attempt && span.isRecording()) span.setAttributes(peerAttributes(attempt.peer));
    if (attempts.length > 1) span.setAttribute("rollcall.attempts", attempts.length);
    // Those that still run were given up for the one that answered, or with the call: at its deadline, or by its caller.
    for (const one of attempts) one.leave(answered ? CANCELLED : code, "the call is over");
    if (!this.#adopted) endSpan(span, code, details);
  }

  /** From a call's second attempt on. */
  #traceAttempts(attempt: ClientAttempt, reason: string, headers: Headers): void {
    if (!this.#span?.isRecording()) return;
    const number = this.#attempts.length;
    const first = this.#attempts[0]!;
    if (number === 2) first.trace(this.#beginAttempt(first, 1, undefined));
    const span = this.#beginAttempt(attempt, number, reason);
    attempt.trace(span);
    const { propagation, trace } = openTelemetry()!;
    propagation.inject(trace.setSpan(this.#context!, span), headers, writer);
  }

  #beginAttempt({ peer, began }: ClientAttempt, n: number, reason: string | undefined): Span {
    return tracer().startSpan(
      `Attempt.${this.#path.slice(1)}`,
      {
        kind: openTelemetry()!.SpanKind.INTERNAL,
        startTime: epochOffset() + began,
        attributes: {
          ...methodAttributes(this.#path),
          "rollcall.attempt": n,
          ...(reason !== undefined && { "rollcall.attempt.reason": reason }),
          ...peerAttributes(peer),
        },
      },
      this.#context,
    );
  }
}

/** One attempt of a call, at one instance. */
export class ClientAttempt {
  readonly peer: string;
  readonly began = performance.now();
  /** Status code of its end; undefined while it runs. */
  code: number | undefined;
  sent = 0;
  received = 0;
  readonly #onEnd: (code: number, sent: number, received: number) => void;
  #span: Span | undefined;
  #details = "";
  #endedAt = 0;

  constructor(peer: string, onEnd: (code: number, sent: number, received: number) => void) {
    this.peer = peer;
    this.#onEnd = onEnd;
  }

  /** This span is that of the attempt, which may have ended before. */
  trace(span: Span): void {
    this.#span = span;
    if (this.code !== undefined) {
      endSpan(span, this.code, this.#details, { endTime: epochOffset() + this.#endedAt });
    }
  }

  ended(code: number, details: string): void {
    if (this.code !== undefined) return;
    this.code = code;
    this.#details = details;
    this.#endedAt = performance.now();
    this.#onEnd(code, this.sent, this.received);
    if (this.#span) endSpan(this.#span, code, details);
  }

  /** The call is over and this attempt has not said so yet: the caller gave up, or another attempt was first. */
  leave(code: number, details: string): void {
    if (this.code !== undefined) return;
    if (this.#span) endSpan(this.#span, code, details);
    this.#span = undefined;
  }
}

const CANCELLED = 1;

function beginSpan(path: string, service: string, parent: Context): Span {
  const { SpanKind } = openTelemetry()!;
  return tracer().startSpan(
    path.slice(1),
    { kind: SpanKind.CLIENT, attributes: { ...clientAttributes(service)(path) } },
    parent,
  );
}

export function endSpan(
  span: Span,
  code: number,
  details: string,
  { endTime, isError = code !== 0 }: { endTime?: number; isError?: boolean } = {},
): void {
  harmless(() => {
    if (span.isRecording()) {
      span.setAttributes({ "rpc.response.status_code": statusName(code), "rpc.grpc.status_code": code });
    }
    if (isError) {
      span.setAttribute("error.type", statusName(code));
      span.setStatus({ code: openTelemetry()!.SpanStatusCode.ERROR, message: details });
    }
    span.end(endTime);
  });
}
