import { after, before, beforeEach } from "node:test";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { setLogLevel } from "../../../src/index.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { type CountingServer, startFleet } from "../fleet.js";

// OpenTelemetry as an application sets it up, and five instances that serve; each test has a meter provider and a service of its own.
export const registry = new FixtureRegistry("measured");
export const spans = new InMemorySpanExporter();
const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });

let exporter: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;
/** The instances of this test. */
export let fleet: CountingServer[] = [];
/** Their service. */
export let service = "";
let round = 0;

before(() => {
  setLogLevel("error");
  tracing.register();
});

beforeEach(async () => {
  await Promise.all(fleet.map(({ server }) => server.stop()));
  spans.reset();
  // Set late, and another one each time: instruments follow the provider that is set.
  metrics.disable();
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  service = `measured-${++round}.rpc`;
  fleet = await startFleet(registry, service, 5, { failEvery: 11 });
});

after(async () => {
  await Promise.all(fleet.map(({ server }) => server.stop()));
  await tracing.shutdown();
});

/** The metrics as they stand. */
export async function measured() {
  await reader.forceFlush();
  return exporter
    .getMetrics()
    .at(-1)!
    .scopeMetrics.flatMap(({ metrics }) => metrics);
}

/** Sum of a counter, or number of records of a histogram, by the values of one attribute. */
export async function counted(name: string, by: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { descriptor, dataPoints } of await measured()) {
    if (descriptor.name !== name) continue;
    for (const { attributes, value } of dataPoints) {
      const n = typeof value === "number" ? value : (value as { count: number }).count;
      const key = String(attributes[by]);
      found.set(key, (found.get(key) ?? 0) + n);
    }
  }
  return found;
}
