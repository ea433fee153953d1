import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SpanKind, type TextMapPropagator, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { createClient, setLogLevel } from "../../../src/index.js";
import { EchoClient, say } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { startFleet } from "../fleet.js";

const PREFIX = "x-elsewhere-";

/** Knows its headers by a prefix, and so looks for them among all names, as Datadog's and Jaeger's do. */
const byPrefix: TextMapPropagator = {
  fields: () => [],
  inject(context, carrier, setter) {
    const { traceId, spanId } = trace.getSpanContext(context)!;
    setter.set(carrier, `${PREFIX}${traceId}`, spanId);
  },
  extract(context, carrier, getter) {
    const name = getter.keys(carrier).find((one) => one.startsWith(PREFIX));
    if (name === undefined) return context;
    const spanId = String(getter.get(carrier, name));
    return trace.setSpanContext(context, { traceId: name.slice(PREFIX.length), spanId, traceFlags: 1, isRemote: true });
  },
};

const registry = new FixtureRegistry("propagated");
const spans = new InMemorySpanExporter();
const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });

before(() => {
  setLogLevel("error");
  tracing.register({ propagator: byPrefix });
});
after(() => tracing.shutdown());

test("a trace goes on at the server also by a propagator that looks through the names of all headers", async () => {
  const fleet = await startFleet(registry, "propagated.rpc", 1);
  const client = createClient(EchoClient, { Target: registry.target("propagated.rpc") });
  await say(client);
  client.close();
  await Promise.all(fleet.map(({ server }) => server.stop()));
  const [called, served] = [SpanKind.CLIENT, SpanKind.SERVER].map(
    (kind) => spans.getFinishedSpans().find((span) => span.kind === kind)!,
  );
  assert.equal(served!.parentSpanContext?.spanId, called!.spanContext().spanId);
});
