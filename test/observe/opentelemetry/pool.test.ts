import assert from "node:assert/strict";
import { after, mock, test } from "node:test";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { createPool } from "../../../src/pool/index.js";

mock.timers.enable({ apis: ["setInterval"] });
after(() => mock.timers.reset());

/** Sets an SDK, as an application does. @returns what ends it, and what it has of a metric. */
function startSdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return {
    async valueOf(name: string): Promise<unknown> {
      await reader.forceFlush();
      const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      return all.findLast(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.value;
    },
    async end(): Promise<void> {
      metrics.disable();
      await provider.shutdown();
    },
  };
}

test("a process that has pools alone is in the metrics of an SDK that is set later, and of the next one", async () => {
  const pool = createPool("direct:///127.0.0.1:1", { connect: () => 1 });
  await pool.run((one) => one);
  const first = startSdk();
  mock.timers.tick(5_000);
  assert.equal(await first.valueOf("rollcall.client.attempts"), 1);
  await first.end();

  const second = startSdk();
  mock.timers.tick(5_000);
  await pool.run((one) => one);
  assert.equal(await second.valueOf("rollcall.client.attempts"), 2);
  await second.end();
  await pool.close();
});
