// A client that calls when asked, with nothing observed, or with some of it. See bench/observe.ts.
import { AsyncLocalStorage } from "node:async_hooks";
import * as grpc from "@grpc/grpc-js";
import { EchoClient } from "../../test/support/echo.js";
import { callWhenAsked } from "./contestant.js";

/**
 * What is on: `metrics` and `traces` by OpenTelemetry's SDK (`sampled`: one trace in a hundred), `prometheus`, `context`; `by-hand`:
 * not Rollcall's, but what a program would write for the same itself.
 */
const [dist = "", on = "", endpoints = ""] = process.argv.slice(2);
const parts = new Set(on.split(","));
if (parts.has("metrics")) {
  const { metrics } = await import("@opentelemetry/api");
  const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = await import(
    "@opentelemetry/sdk-metrics"
  );
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}
if (parts.has("traces")) {
  const { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } = await import(
    "@opentelemetry/sdk-trace-base"
  );
  const { NodeTracerProvider } = await import("@opentelemetry/sdk-trace-node");
  const nowhere = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  const root = new TraceIdRatioBasedSampler(parts.has("sampled") ? 0.01 : 1);
  const sampler = new ParentBasedSampler({ root });
  new NodeTracerProvider({ sampler, spanProcessors: [new BatchSpanProcessor(nowhere)] }).register();
}
// Node follows every promise and callback from then on, before version 24: any SDK for traces has it do so.
if (parts.has("context")) new AsyncLocalStorage().run(undefined, () => {});
const rollcall = (await import(dist)) as typeof import("../../src/index.js");
if (parts.has("prometheus")) await rollcall.serveDevServer({ Host: "127.0.0.1", Port: 0 });
const byHand = parts.has("by-hand");
const client = rollcall.createClient(EchoClient, {
  Endpoints: endpoints.split(","),
  Timeout: 20_000,
  ...(byHand && { Middlewares: { Trace: false, Prometheus: false } }),
});
const span = byHand ? await spanByHand() : undefined;
const measure = byHand && parts.has("metrics") ? await measureByHand() : undefined;

/** A span with as many attributes as ours, which the server is told of. */
async function spanByHand() {
  const { context, propagation, SpanKind, trace } = await import("@opentelemetry/api");
  const tracer = trace.getTracer("by hand");
  const attributes = { "rpc.system": "grpc", "rpc.service": "Echo", "rpc.method": "Say", "server.address": "echo" };
  const setter = { set: (to: grpc.Metadata, key: string, value: string) => to.set(key, value) };
  return (metadata: grpc.Metadata) => {
    const span = tracer.startSpan("Echo/Say", { kind: SpanKind.CLIENT, attributes });
    propagation.inject(trace.setSpan(context.active(), span), metadata, setter);
    return () => {
      span.setAttributes({ "rpc.grpc.status_code": 0, "network.peer.address": "127.0.0.1", "network.peer.port": 8080 });
      span.end();
    };
  };
}

/** The instruments of gRFC A66 for a client. */
async function measureByHand() {
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("by hand");
  const started = meter.createCounter("grpc.client.attempt.started");
  const durations = ["attempt", "call"].map((of) => meter.createHistogram(`grpc.client.${of}.duration`, { unit: "s" }));
  const sizes = ["sent", "rcvd"].map((way) =>
    meter.createHistogram(`grpc.client.attempt.${way}_total_compressed_message_size`, { unit: "By" }),
  );
  const labels = { "grpc.method": "Echo/Say", "grpc.target": "echo" };
  const ended = { ...labels, "grpc.status": "OK" };
  return () => {
    const began = performance.now();
    started.add(1, labels);
    return () => {
      for (const duration of durations) duration.record((performance.now() - began) / 1_000, ended);
      for (const size of sizes) size.record(0, ended);
    };
  };
}

callWhenAsked(async () => {
  const metadata = new grpc.Metadata();
  const endSpan = span?.(metadata);
  const endMeasure = measure?.();
  await new Promise<void>((resolve, reject) =>
    client.say({}, metadata, (error) => (error ? reject(error) : resolve())),
  );
  endMeasure?.();
  endSpan?.();
}, 32);
