import { ProxyTracerProvider, type TracerProvider, trace } from "@opentelemetry/api";

/** Its tracers do nothing until the application sets an SDK, and then they are the SDK's. */
export const tracer = trace.getTracer("rollcall");

const NONE = new ProxyTracerProvider().getDelegate();

/** Whether an SDK for traces is set. */
export function isTracing(): boolean {
  const provider: TracerProvider & { getDelegate?(): TracerProvider } = trace.getTracerProvider();
  return provider.getDelegate === undefined || provider.getDelegate() !== NONE;
}
