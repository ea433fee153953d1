// A program in which @opentelemetry/instrumentation-grpc is active before grpc-js is loaded. Prints its spans as JSON.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { isSpanContextValid, SpanKind, trace } = require("@opentelemetry/api") as typeof import("@opentelemetry/api");
type Propagator = import("@opentelemetry/api").TextMapPropagator;
const { InMemorySpanExporter, SimpleSpanProcessor } =
  require("@opentelemetry/sdk-trace-base") as typeof import("@opentelemetry/sdk-trace-base");
const { NodeTracerProvider } =
  require("@opentelemetry/sdk-trace-node") as typeof import("@opentelemetry/sdk-trace-node");
const { GrpcInstrumentation } =
  require("@opentelemetry/instrumentation-grpc") as typeof import("@opentelemetry/instrumentation-grpc");

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
/** Zipkin's one header (https://github.com/openzipkin/b3-propagation), which is not the W3C's. */
const b3: Propagator = {
  fields: () => ["b3"],
  inject(context, carrier, setter) {
    const span = trace.getSpanContext(context);
    if (span && isSpanContextValid(span)) setter.set(carrier, "b3", `${span.traceId}-${span.spanId}-1`);
  },
  extract(context, carrier, getter) {
    const [traceId, spanId] = String(getter.get(carrier, "b3") ?? "").split("-");
    if (!traceId || !spanId) return context;
    return trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
};
provider.register(process.argv[2] === "b3" ? { propagator: b3 } : {});
const instrumentation = new GrpcInstrumentation();
instrumentation.setTracerProvider(provider);
instrumentation.enable();
const grpc = require("@grpc/grpc-js") as typeof import("@grpc/grpc-js");

const { createClient, createServer } = await import("../../src/index.js");
const { EchoService, echoHandlers, say } = await import("../support/echo.js");
const { FixtureRegistry } = await import("../support/fixture-backend.js");

const registry = new FixtureRegistry("instrumented");
const server: import("../../src/index.js").Server = createServer(
  { Name: "i", ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
  (builder) => {
    builder.addService(
      EchoService,
      echoHandlers(() => server.address!),
    );
  },
  { signals: false, registry: registry.target("i") },
);
await server.start();
type Echo = import("../support/echo.js").EchoClient;
// Made after the instrumentation has wrapped what makes clients.
const Client = grpc.makeClientConstructor(EchoService, "test.Echo") as unknown as new (
  address: string,
  credentials: import("@grpc/grpc-js").ChannelCredentials,
  options?: import("@grpc/grpc-js").ChannelOptions,
) => Echo;
const clients = [
  createClient(Client, { Target: registry.target("i") }),
  new Client(registry.target("i"), grpc.credentials.createInsecure()),
  // Under a policy of grpc-js' own the first call waits where its caller's context is out of sight.
  new Client(registry.target("i"), grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  }),
];
const answers: string[] = [];
for (const client of clients) {
  for (let i = 0; i < 5; i++) answers.push((await say(client)).instance);
  client.close();
}
await server.stop();
const spans = exporter
  .getFinishedSpans()
  .map(({ name, kind, attributes }) => ({ name, kind: SpanKind[kind], attributes }));
console.log(JSON.stringify({ answers, spans }));
