import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { type TestContext, test } from "node:test";
import { SpanKind, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { startDevRegistry } from "../../../src/dev-registry/index.js";
import { createClient, createServer, type Server, setLogger } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";
import { until } from "../../support/until.js";

const request = new AsyncLocalStorage<string>();

/** What is logged from now on, with the context it was logged in. */
function gatherContexts() {
  const lines: { message: string; store: string | undefined; span: string | undefined }[] = [];
  const take = (_facts: object, message: string) => {
    lines.push({ message, store: request.getStore(), span: trace.getActiveSpan()?.spanContext().spanId });
  };
  const ignore = () => {};
  setLogger({ debug: ignore, info: take, warn: take, error: take });
  return lines;
}

function traced(t: TestContext) {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  t.after(() => provider.shutdown());
  return exporter;
}

test("what a request's first call sets going runs in nobody's AsyncLocalStorage context and nobody's span, as long as it lives", async (t) => {
  const exporter = traced(t);
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  const server: Server = createServer(
    { ListenOn: "127.0.0.1:0", Etcd: { Hosts: [registry.endpoint], Key: "context.rpc" }, Shutdown: { WrapUpTime: 0 } },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
  );
  t.after(() => server.stop());
  // The first request of a process makes the client, and with it the watch of the registry, the connections, their health.
  const lines = gatherContexts();
  const tracer = trace.getTracer("test");
  const client = await request.run("request 1", () =>
    tracer.startActiveSpan("request 1", async (span) => {
      await server.start();
      const made = createClient(EchoClient, {
        Etcd: { Hosts: [registry.endpoint], Key: "context.rpc" },
        Timeout: 20_000,
      });
      await say(made);
      span.end();
      return made;
    }),
  );
  t.after(() => client.close());
  const then = lines.length;
  await registry.faults.refuse(true);
  await until(() => lines.slice(then).some(({ message }) => /cannot|refuse|lost/.test(message)), "the outage is told");
  await registry.faults.refuse(false);
  await until(() => lines.slice(then).some(({ message }) => /again|connected/.test(message)), "its end is told");
  await server.stop();
  const background = lines.slice(then).filter(({ message }) => !/^stop/.test(message));
  assert.ok(background.length >= 2);
  assert.deepEqual(
    background.filter(({ store, span }) => store !== undefined || span !== undefined),
    [],
  );
  assert.deepEqual(
    exporter
      .getFinishedSpans()
      .map(({ name, kind }) => `${SpanKind[kind]} ${name}`)
      .sort(),
    ["CLIENT test.Echo/Say", "INTERNAL request 1", "SERVER test.Echo/Say"],
    "no span but the request's, its call's and the server's: watches of health and registry have none",
  );
});
