import type { Context, Span } from "@opentelemetry/api";
import { harmless } from "../harmless.js";
import { methodLabel } from "../metrics/labels.js";
import { currentMeasures, type Measures } from "../metrics/measures.js";
import { openTelemetry } from "../opentelemetry.js";
import { callerAttributes, methodAttributes } from "./attributes.js";
import { endSpan, type Wanted } from "./client-call.js";
import { type Headers, reader } from "./headers.js";
import { isTracing, tracer } from "./tracing.js";

/**
 * Begins to observe a call that has come in; undefined while nobody looks.
 * @param wanted no traces where another instrumentation makes the span.
 */
export function observeServedCall(path: string, wanted: Wanted): ServedObservation | undefined {
  const measures = wanted.metrics ? currentMeasures() : undefined;
  const tracing = wanted.traces && isTracing();
  return measures || tracing ? new ServedObservation(path, measures, tracing) : undefined;
}

/** Counts a call that was answered before its handler, and without a look at it. */
export function observeRefusedCall(path: string, code: number): void {
  const measures = currentMeasures();
  if (!measures) return;
  const method = methodLabel(path);
  measures.serverStarted(method);
  measures.serverEnded(method, code, 0, 0, 0);
}

/** Codes that are the server's fault and not the caller's, by the conventions: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const FAULTS: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/** One call as the server sees it: its span, in whose context the handler runs, and what is measured of it. */
export class ServedObservation {
  readonly #path: string;
  readonly #method: string;
  readonly #measures: Measures | undefined;
  readonly #tracing: boolean;
  readonly #began = performance.now();
  #span: Span | undefined;
  #context: Context | undefined;
  #sent = 0;
  #received = 0;

  constructor(path: string, measures: Measures | undefined, tracing: boolean) {
    this.#path = path;
    this.#method = methodLabel(path);
    this.#measures = measures;
    this.#tracing = tracing;
  }

  /** @param peer as grpc-js has it. */
  started(headers: Headers, peer: string): void {
    this.#measures?.serverStarted(this.#method);
    if (this.#tracing) harmless(() => this.#beginSpan(headers, peer));
  }

  #beginSpan(headers: Headers, peer: string): void {
    const { context, propagation, trace, SpanKind } = openTelemetry()!;
    const parent = propagation.extract(context.active(), headers, reader);
    this.#span = tracer().startSpan(
      this.#path.slice(1),
      // A tenth of what spreading both costs.
      { kind: SpanKind.SERVER, attributes: Object.assign({}, methodAttributes(this.#path), callerAttributes(peer)) },
      parent,
    );
    this.#context = trace.setSpan(parent, this.#span);
  }

  /** Runs part of the handler in the context of the call's span. */
  run(work: () => void): void {
    if (this.#context) openTelemetry()!.context.with(this.#context, work);
    else work();
  }

  /** @param bytes of a message that goes out. */
  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /** @param bytes of a message that has come in. */
  received(bytes: number): void {
    this.#received += bytes;
  }

  ended(code: number, details: string): void {
    const seconds = (performance.now() - this.#began) / 1000;
    this.#measures?.serverEnded(this.#method, code, seconds, this.#sent, this.#received);
    if (this.#span) endSpan(this.#span, code, details, { isError: FAULTS.has(code) });
    this.#span = undefined;
  }
}
