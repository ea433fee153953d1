import type { Tracer, TracerProvider } from "@opentelemetry/api";
import { openTelemetry } from "../opentelemetry.js";

let none: TracerProvider | undefined;

/** Rollcall's tracer. Only to be asked for where isTracing(). */
export function tracer(): Tracer {
  return openTelemetry()!.trace.getTracer("rollcall");
}

/** Whether an SDK for traces is set. */
export function isTracing(): boolean {
  const api = openTelemetry();
  if (!api) return false;
  none ??= new api.ProxyTracerProvider().getDelegate();
  const provider: TracerProvider & { getDelegate?(): TracerProvider } = api.trace.getTracerProvider();
  return provider.getDelegate === undefined || provider.getDelegate() !== none;
}
