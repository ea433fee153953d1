// A client that makes calls for as long as it is told, with nothing observed or with everything. See bench/observe.ts.
import { EchoClient } from "../../test/support/echo.js";

const [dist = "", on = "nothing", endpoints = ""] = process.argv.slice(2);
if (on === "all") {
  const { metrics } = await import("@opentelemetry/api");
  const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = await import(
    "@opentelemetry/sdk-metrics"
  );
  const { BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
  const { NodeTracerProvider } = await import("@opentelemetry/sdk-trace-node");
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const nowhere = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(nowhere)] }).register();
}
const rollcall = (await import(dist)) as typeof import("../../src/index.js");
if (on === "all") await rollcall.serveDevServer({ Host: "127.0.0.1", Port: 0 });
const client = rollcall.createClient(EchoClient, { Endpoints: endpoints.split(","), Timeout: 20_000 });

process.on("message", (ms: number) => {
  void load(ms).then((result) => process.send!(result));
});
process.on("disconnect", () => client.close());

async function load(ms: number) {
  let calls = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const end = began + ms;
  const caller = async () => {
    while (performance.now() < end) {
      await new Promise<void>((resolve, reject) => client.say({}, {}, (error) => (error ? reject(error) : resolve())));
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: 32 }, caller));
  const { user, system } = process.cpuUsage(cpu);
  return { callsPerSecond: (calls * 1000) / (performance.now() - began), cpuPerCall: (user + system) / calls };
}
