import assert from "node:assert/strict";
import { test } from "node:test";
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { isTracing } from "../../../src/observe/calls/tracing.js";
import { say } from "../../support/echo.js";
import { startCollector } from "../../support/real-parts/otlp-collector.js";
import { assertOneCall, gatherLines, served } from "./served.js";

test("an SDK that the application has set keeps the spans, and is left as it is", async (t) => {
  const lines = gatherLines();
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  t.after(() => {
    trace.disable();
  });
  const collector = await startCollector(t, "otlpgrpc");
  const { server, client } = await served(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  await say(client);
  await server.stop();
  assert.deepEqual(collector.spans, []);
  assert.equal(exporter.getFinishedSpans().length, 2);
  assert.ok(isTracing(), "the application's SDK is still set");
  assert.equal(lines.filter(({ message }) => /the application has set an OpenTelemetry SDK/.test(message)).length, 1);
});

test("several servers of a process share what the first one says, and the last one ends it", async (t) => {
  const collector = await startCollector(t, "otlphttp");
  const section = `Telemetry: { Batcher: otlphttp, Endpoint: "${collector.address}" }`;
  const first = await served(t, section);
  const second = await served(t, section);
  await first.server.stop();
  await say(second.client);
  assert.ok(isTracing());
  await second.server.stop();
  assertOneCall(collector.spans, "echo.rpc");
  assert.ok(!isTracing());
});
