import type { Context, Span } from "@opentelemetry/api";
import { openTelemetry } from "../opentelemetry.js";

const INSTRUMENTATION = "@opentelemetry/instrumentation-grpc";

/** What the SDK's spans say of themselves beyond the API. */
interface ReadableSpan {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly instrumentationScope?: { readonly name?: unknown };
}

/** Each is one call's. */
const adopted = new WeakSet<Span>();

/** The span that @opentelemetry/instrumentation-grpc has begun for the call being made, where it is active: a second one would tell the same twice. */
export function adoptableSpan(active: Context, path: string): Span | undefined {
  const { SpanKind, trace } = openTelemetry()!;
  const span = trace.getSpan(active);
  if (!span?.isRecording() || adopted.has(span)) return undefined;
  const { name, kind, instrumentationScope } = span as ReadableSpan;
  const own = instrumentationScope?.name === INSTRUMENTATION && kind === SpanKind.CLIENT;
  if (!own || typeof name !== "string" || !name.endsWith(path.slice(1))) return undefined;
  adopted.add(span);
  return span;
}

/** Whether @opentelemetry/instrumentation-grpc has wrapped this function of grpc-js. */
export function isInstrumented(wrapped: object): boolean {
  return "__wrapped" in wrapped;
}
