// A client that calls when asked, with nothing observed, or with some of it. See bench/observe.ts.
import { AsyncLocalStorage } from "node:async_hooks";
import { EchoClient } from "../../test/support/echo.js";
import { callWhenAsked } from "./contestant.js";

/** What is on: `metrics` and `traces` by OpenTelemetry's SDK (`sampled`: one trace in a hundred), `prometheus`, `by-hand`, `context`. */
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
const byHand = parts.has("by-hand") ? await spanByHand() : undefined;
const client = rollcall.createClient(EchoClient, {
  Endpoints: endpoints.split(","),
  Timeout: 20_000,
  ...(byHand && { Middlewares: { Trace: false } }),
});

/** What any tracing of a call costs: its span with as many attributes as ours, and nothing else. */
async function spanByHand() {
  const { SpanKind, trace } = await import("@opentelemetry/api");
  const tracer = trace.getTracer("by hand");
  const attributes = { "rpc.system": "grpc", "rpc.service": "Echo", "rpc.method": "Say", "server.address": "echo" };
  return () => {
    const span = tracer.startSpan("Echo/Say", { kind: SpanKind.CLIENT, attributes });
    return () => {
      span.setAttributes({ "rpc.grpc.status_code": 0, "network.peer.address": "127.0.0.1", "network.peer.port": 8080 });
      span.end();
    };
  };
}

callWhenAsked(async () => {
  const end = byHand?.();
  await new Promise<void>((resolve, reject) => client.say({}, {}, (error) => (error ? reject(error) : resolve())));
  end?.();
}, 32);
