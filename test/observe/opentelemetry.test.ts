import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { metrics, SpanKind, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { createClient, createServer, type Server, setLogLevel } from "../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";
import { answeredByAll, type CountingServer, startFleet } from "./fleet.js";

const registry = new FixtureRegistry("measured");
const spans = new InMemorySpanExporter();
const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const RETRY = { MaxAttempts: 4, InitialBackoff: 1, MaxBackoff: 5, Budget: 1 };
const SERVICE_CONFIG = JSON.stringify({
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.001s",
        maxBackoff: "0.005s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
});

let exporter: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;
let fleet: CountingServer[] = [];
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
  fleet = await startFleet(registry, service(++round), 5, { failEvery: 11 });
});

after(async () => {
  await Promise.all(fleet.map(({ server }) => server.stop()));
  await tracing.shutdown();
});

const service = (n: number) => `measured-${n}.rpc`;

/** Sum of a counter, or number of records of a histogram, by the values of one attribute. */
async function counted(name: string, by: string): Promise<Map<string, number>> {
  await reader.forceFlush();
  const found = new Map<string, number>();
  for (const { scopeMetrics } of exporter.getMetrics().slice(-1)) {
    for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      if (metric.descriptor.name !== name) continue;
      for (const { attributes, value } of metric.dataPoints) {
        const n = typeof value === "number" ? value : (value as { count: number }).count;
        const key = String(attributes[by]);
        found.set(key, (found.get(key) ?? 0) + n);
      }
    }
  }
  return found;
}

function namesOf(answered: ReadonlyMap<number, number>): Map<string, number> {
  return new Map([...answered].map(([code, n]) => [grpc.status[code]!, n]));
}

function sorted(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Makes the calls, ten at a time, and says who answered each. */
async function call(client: EchoClient, calls: number): Promise<string[]> {
  const answers: string[] = [];
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const answer = await say(client).catch(() => undefined);
      if (answer) answers.push(answer.instance);
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  return answers;
}

function tally(values: readonly unknown[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return sorted(counts);
}

const isOk = (span: ReadableSpan) => span.attributes["rpc.response.status_code"] === "OK";

const CLIENTS: Record<string, (url: string) => EchoClient> = {
  createClient: (url) => createClient(EchoClient, { Target: url, Retry: RETRY, Timeout: 60_000 }),
  "a bare client": (url) =>
    new EchoClient(url, grpc.credentials.createInsecure(), { "grpc.service_config": SERVICE_CONFIG }),
};

for (const [name, make] of Object.entries(CLIENTS)) {
  test(`${name}: 1,000 calls over 5 instances that fail: metrics and spans agree with what the servers saw`, async () => {
    const client = make(registry.target(service(round)));
    const answers = await call(client, 1_000);
    client.close();
    const seen = answeredByAll(fleet);
    const attempts = [...seen.values()].reduce((sum, n) => sum + n, 0);
    assert.ok(attempts > 1_010, `some calls were tried again: ${attempts} attempts`);

    const method = "test.Echo/Say";
    assert.deepEqual([...(await counted("grpc.client.attempt.started", "grpc.method"))], [[method, attempts]]);
    assert.deepEqual(sorted(await counted("grpc.client.attempt.duration", "grpc.status")), sorted(namesOf(seen)));
    assert.deepEqual(
      sorted(await counted("grpc.client.attempt.sent_total_compressed_message_size", "grpc.status")),
      sorted(namesOf(seen)),
    );
    assert.deepEqual([...(await counted("grpc.server.call.started", "grpc.method"))], [[method, attempts]]);
    assert.deepEqual(sorted(await counted("grpc.server.call.duration", "grpc.status")), sorted(namesOf(seen)));
    const calls = await counted("grpc.client.call.duration", "grpc.status");
    assert.equal(
      [...calls.values()].reduce((sum, n) => sum + n, 0),
      1_000,
    );
    assert.equal(calls.get("OK"), answers.length);
    const counts = await counted("rollcall.client.attempts", "service");
    assert.equal(counts.get(service(round)), attempts, "what was counted stays counted though the channel is closed");

    const finished = spans.getFinishedSpans();
    const clientSpans = finished.filter(({ kind }) => kind === SpanKind.CLIENT);
    assert.equal(clientSpans.length, 1_000, "one CLIENT span a call");
    const ok = clientSpans.filter(isOk);
    assert.deepEqual(
      tally(ok.map(({ attributes }) => attributes["peer.address"])),
      tally(answers),
      "peer.address is what the instance said of itself",
    );
    const byId = new Map(clientSpans.map((span) => [span.spanContext().spanId, span]));
    const tries = finished.filter(({ kind }) => kind === SpanKind.INTERNAL);
    for (const one of tries) assert.ok(byId.has(one.parentSpanContext!.spanId), "an attempt is a child of its call");
    const retried = clientSpans.filter(({ attributes }) => attributes["rollcall.attempts"] !== undefined);
    const inSpans = retried.reduce((sum, { attributes }) => sum + Number(attributes["rollcall.attempts"]), 0);
    assert.equal(tries.length, inSpans);
    assert.equal(
      1_000 - retried.length + inSpans,
      attempts,
      "every attempt is in a span of its own or is the call's only one",
    );
    assert.ok(
      tries.some(({ attributes }) => attributes["rollcall.attempt.reason"] === "retry after UNAVAILABLE"),
      "with the reason",
    );
    const serverSpans = finished.filter(({ kind }) => kind === SpanKind.SERVER);
    assert.equal(serverSpans.length, attempts);
    const ids = new Set([...clientSpans, ...tries].map((span) => span.spanContext().spanId));
    for (const span of serverSpans)
      assert.ok(ids.has(span.parentSpanContext!.spanId), "the server's span is in the same trace");
  });

  test(`${name}: what a service does is in gauges while its channel is open`, async () => {
    const client = make(registry.target(service(round)));
    await call(client, 50);
    const ready = async () => (await counted("rollcall.client.instances_ready", "service")).get(service(round));
    await until(async () => (await ready()) === 5, "all five are ready");
    assert.ok((await counted("rollcall.client.attempts", "service")).get(service(round))! >= 50);
    assert.equal((await counted("rollcall.server.listed", "name")).get(service(round)), 1);
    client.close();
  });

  test(`${name}: a call's span is a child of the one that is active`, async () => {
    const client = make(registry.target(service(round)));
    await say(client);
    spans.reset();
    await trace.getTracer("test").startActiveSpan("request", async (request) => {
      await say(client).finally(() => request.end());
    });
    const [one] = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
    const request = spans.getFinishedSpans().find((span) => span.name === "request");
    assert.equal(one!.parentSpanContext?.spanId, request!.spanContext().spanId);
    client.close();
  });
}

test("1,000 instances that join and leave leave no more series than there were", async () => {
  const url = registry.target("churning.rpc");
  const client = createClient(EchoClient, { Target: url, Timeout: 50 });
  for (let round = 0; round < 20; round++) {
    registry.list(
      "churning.rpc",
      Array.from({ length: 50 }, (_, i) => `127.9.${round}.${i + 1}:9`),
    );
    await say(client).catch(() => {});
  }
  await reader.forceFlush();
  const series = exporter
    .getMetrics()
    .at(-1)!
    .scopeMetrics.flatMap(({ metrics }) => metrics)
    .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  assert.ok(series < 120, `${series} series`);
  client.close();
});

test("the path of a method is no way to make series without end", async () => {
  const { methodLabel } = await import("../../src/observe/metrics/labels.js");
  const labels = new Set(Array.from({ length: 3_000 }, (_, i) => methodLabel(`/proxied.Svc/M${i}`)));
  assert.ok(labels.size <= 1_001);
  assert.ok(labels.has("other"));
  assert.equal(methodLabel(EchoService.say.path), "test.Echo/Say", "one that is known keeps its name");
});

test("copies of a call that is late are hedges, and no retries", async () => {
  const Methods = [{ FullMethod: EchoService.say.path, Hedge: { Delay: 5 } }];
  const client = createClient(EchoClient, { Target: registry.target(service(round)), Methods });
  const answers = await Promise.allSettled([1, 2, 3].map(() => say(client, { delayMs: 200 })));
  assert.ok(answers.length === 3);
  const hedges = await counted("grpc.client.call.hedges", "grpc.method");
  assert.deepEqual([...hedges], [["test.Echo/Say", 3]]);
  assert.deepEqual([...(await counted("grpc.client.call.retries", "grpc.method"))], []);
  client.close();
});

test("a server obeys Middlewares.Trace and Middlewares.Prometheus", async () => {
  const server: Server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 }, Middlewares: { Trace: false, Prometheus: false } },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => ""),
      ),
    { signals: false },
  );
  await server.start();
  const client = createClient(EchoClient, { Endpoints: [server.address!] });
  spans.reset();
  await say(client);
  client.close();
  await server.stop();
  assert.deepEqual(
    spans.getFinishedSpans().map(({ kind }) => kind),
    [SpanKind.CLIENT],
  );
  assert.deepEqual([...(await counted("grpc.client.attempt.started", "grpc.method"))], [["test.Echo/Say", 1]]);
  assert.deepEqual([...(await counted("grpc.server.call.started", "grpc.method"))], []);
});
