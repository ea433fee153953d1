import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { createClient, createServer, type Server, setLogger } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";

const SERVICE = "traced.rpc";
const registry = new FixtureRegistry();
const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const servers: Server[] = [];
const calls: { instance: string; method: string; code: number; compared: { instance: string; load: number }[] }[] = [];
let traceparents: (string | undefined)[] = [];
let client: EchoClient;

before(async () => {
  provider.register();
  const ignore = () => {};
  setLogger({
    info: ignore,
    warn: ignore,
    error: ignore,
    debug: (facts, message) => message === "call" && calls.push(facts as never),
  });
  for (let i = 0; i < 3; i++) servers.push(await startServer());
  client = createClient(EchoClient, { Target: registry.target(SERVICE) });
});

after(async () => {
  client.close();
  await Promise.all(servers.map((server) => server.stop()));
  await provider.shutdown();
});

const clientSpans = () => exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);

async function startServer(): Promise<Server> {
  const server: Server = createServer(
    { Name: SERVICE, ListenOn: "127.0.0.1:0", CpuThreshold: 0, Shutdown: { WrapUpTime: 0 } },
    (builder) => {
      const handlers = echoHandlers(() => server.address!);
      builder.addService(EchoService, {
        ...handlers,
        say(call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) {
          traceparents.push(call.metadata.get("traceparent")[0]?.toString());
          (handlers.say as (...args: unknown[]) => void)(call, callback);
        },
      });
    },
    { signals: false, registry: registry.target(SERVICE) },
  );
  await server.start();
  return server;
}

test("each call's span and debug line name the instance that answered", async () => {
  const answered: string[] = [];
  for (let round = 0; round < 30; round++) {
    const replies = await Promise.all(Array.from({ length: 10 }, () => say(client)));
    answered.push(...replies.map(({ instance }) => instance));
  }
  const spans = clientSpans();
  assert.equal(answered.length, 300);
  assert.equal(spans.length, 300);
  assert.equal(new Set(answered).size, 3, "all three instances are used");
  const count = (names: unknown[]) =>
    Object.fromEntries(servers.map(({ address }) => [address, names.filter((n) => n === address).length]));
  assert.deepEqual(count(spans.map(({ attributes }) => attributes["peer.address"])), count(answered));
  assert.deepEqual(count(calls.map(({ instance }) => instance)), count(answered));
  for (const { instance, compared, method, code } of calls) {
    assert.equal(method, EchoService.say.path);
    assert.equal(code, grpc.status.OK);
    assert.ok(
      compared.some((one) => one.instance === instance),
      "the chosen one is among those compared",
    );
    assert.ok(compared.every(({ load }) => Number.isFinite(load)));
  }
});

test("one call's span, debug line and answer agree, and follow the semantic conventions", async () => {
  exporter.reset();
  calls.length = 0;
  traceparents = [];
  const { instance } = await say(client);
  const [span] = clientSpans();
  const [host, port] = instance.split(":");
  assert.equal(span!.name, "test.Echo/Say");
  assert.equal(span!.kind, SpanKind.CLIENT);
  assert.deepEqual(span!.attributes, {
    "rpc.system.name": "grpc",
    "rpc.system": "grpc",
    "rpc.service": "test.Echo",
    "rpc.method": "test.Echo/Say",
    "rpc.response.status_code": "OK",
    "rpc.grpc.status_code": 0,
    "rollcall.service": SERVICE,
    "server.address": host,
    "server.port": Number(port),
    "peer.address": instance,
    "network.peer.address": host,
    "network.peer.port": Number(port),
  });
  assert.equal(calls[0]!.instance, instance);
  assert.ok(traceparents[0]?.includes(span!.spanContext().traceId), "the server is told the trace");
});

test("a span is a child of the one that is active, and a failed call is an error", async () => {
  exporter.reset();
  const tracer = trace.getTracer("test");
  await tracer.startActiveSpan("parent", async (parent) => {
    await assert.rejects(say(client, { code: grpc.status.INTERNAL }));
    parent.end();
  });
  const [call, parent] = exporter.getFinishedSpans().filter(({ kind }) => kind !== SpanKind.SERVER);
  assert.equal(call!.parentSpanContext?.spanId, parent!.spanContext().spanId);
  assert.equal(call!.status.code, SpanStatusCode.ERROR);
  assert.equal(call!.attributes["rpc.grpc.status_code"], grpc.status.INTERNAL);
});

test("Middlewares.Trace: false makes no spans", async () => {
  exporter.reset();
  const untraced = createClient(EchoClient, { Target: registry.target(SERVICE), Middlewares: { Trace: false } });
  await say(untraced);
  untraced.close();
  assert.equal(clientSpans().length, 0);
});
