import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { groupBy } from "../../src/group-by.js";
import {
  createClient,
  createServer,
  rpcClientConfig,
  rpcServerConfig,
  type Server,
  setLogger,
  startTelemetry,
} from "../../src/index.js";
import { isTracing } from "../../src/observe/calls/tracing.js";
import { ConfigFile } from "../../src/testing/config-file.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { freePort } from "../support/network/ports.js";
import { bodyOf, type ReceivedSpan, startCollector } from "../support/real-parts/otlp-collector.js";

const file = new ConfigFile();
const schema = rpcServerConfig.extend({ EchoRpc: rpcClientConfig });
const PROGRAM = fileURLToPath(new URL("./telemetry-program.ts", import.meta.url));
const METHOD = "test.Echo/Say";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly facts: object;
}

function gatherLines(): Line[] {
  const lines: Line[] = [];
  const note = (level: string) => (facts: object, message: string) => void lines.push({ level, message, facts });
  setLogger({ debug: () => {}, info: note("info"), warn: note("warn"), error: note("error") }, "info");
  return lines;
}

const yamlWith = (telemetry: string) => `Name: echo.rpc
ListenOn: 127.0.0.1:0
Shutdown: { WrapUpTime: 0s, WaitTime: 10s }
EchoRpc: { Endpoints: ["127.0.0.1:1"] }
${telemetry}
`;

/** A server and a client from one file, with this Telemetry section. */
async function served(t: TestContext, telemetry: string) {
  const { config } = await file.read(yamlWith(telemetry), schema);
  const server: Server = createServer(
    config,
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
    { signals: false },
  );
  await server.start();
  const client = createClient(EchoClient, { ...config.EchoRpc, Endpoints: [server.address!] });
  t.after(() => client.close());
  t.after(() => server.stop());
  return { server, client };
}

/** The same in a process of its own; what it says once it has called itself. */
async function program(t: TestContext, telemetry: string, ...imports: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-telemetry-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "echo.yaml"), yamlWith(telemetry));
  const flags = ["tsx", ...imports].flatMap((name) => ["--import", name]);
  const child = spawn(process.execPath, [...flags, PROGRAM, join(folder, "echo.yaml")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const stop = async () => {
    child.kill("SIGTERM");
    return ((await once(child, "exit")) as [number | null])[0];
  };
  return { ...(JSON.parse(line) as { errors: string[] }), stop };
}

/** One call is two spans of one trace. */
function assertOneCall(spans: readonly ReceivedSpan[], service: string): void {
  assert.deepEqual(
    spans.map(({ name }) => name),
    [METHOD, METHOD],
  );
  const client = spans.find(({ kind }) => kind === "CLIENT");
  const server = spans.find(({ kind }) => kind === "SERVER");
  assert.ok(client && server, JSON.stringify(spans));
  assert.equal(server.traceId, client.traceId);
  assert.equal(server.parentId, client.spanId);
  assert.deepEqual([client.service, server.service], [service, service]);
}

for (const kind of ["otlpgrpc", "otlphttp"] as const) {
  test(`Batcher ${kind}: the spans of a call arrive with the service's name and the headers, before stop() ends`, async (t) => {
    const lines = gatherLines();
    const collector = await startCollector(t, kind);
    const { server, client } = await served(
      t,
      `Telemetry:
  Name: echo-traced
  Endpoint: ${collector.address}
  Batcher: ${kind}
  OtlpHeaders: { x-tenant: blue, authorization: Bearer hidden-secret, x-number: 7 }`,
    );
    await say(client, { text: "private words" });
    await server.stop();
    assertOneCall(collector.spans, "echo-traced");
    const [headers] = collector.headers;
    assert.deepEqual(
      [headers!["x-tenant"], headers!.authorization, headers!["x-number"]],
      ["blue", "Bearer hidden-secret", "7"],
    );
    if (kind === "otlphttp") assert.deepEqual(new Set(collector.paths), new Set(["/v1/traces"]));
    assert.doesNotMatch(JSON.stringify(lines), /hidden-secret|private words/);
    assert.ok(!isTracing(), "what was set is taken away");
  });
}

test("Batcher is otlpgrpc and the name is the server's where the section does not say otherwise; the environment adds facts", async (t) => {
  process.env.OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=blue,service.name=other";
  t.after(() => delete process.env.OTEL_RESOURCE_ATTRIBUTES);
  const collector = await startCollector(t, "otlpgrpc");
  const { server, client } = await served(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  await say(client);
  await server.stop();
  assertOneCall(collector.spans, "echo.rpc");
  assert.equal(collector.spans[0]!.resource["deployment.environment.name"], "blue");
});

test("otlphttp takes whole URLs and a path", async (t) => {
  for (const [section, path] of [
    ["Endpoint: http://ADDRESS", "/v1/traces"],
    ["Endpoint: http://ADDRESS/api/traces", "/api/traces"],
    ["Endpoint: ADDRESS\n  OtlpHttpPath: otlp/v1/traces", "/otlp/v1/traces"],
  ] as const) {
    const collector = await startCollector(t, "otlphttp");
    const { server, client } = await served(
      t,
      `Telemetry:\n  Batcher: otlphttp\n  ${section.replace("ADDRESS", collector.address)}`,
    );
    await say(client);
    await server.stop();
    assert.deepEqual([section, ...new Set(collector.paths)], [section, path]);
  }
});

test("zipkin gets its JSON", async (t) => {
  const received: { name: string; kind: string; localEndpoint: { serviceName: string } }[] = [];
  const zipkin = createHttpServer(async (request, response) => {
    received.push(...JSON.parse((await bodyOf(request)).toString()));
    response.writeHead(202).end();
  });
  const port = await freePort();
  zipkin.listen(port, "127.0.0.1");
  t.after(() => zipkin.close());
  const { server, client } = await served(
    t,
    `Telemetry: { Batcher: zipkin, Endpoint: "http://127.0.0.1:${port}/api/v2/spans" }`,
  );
  await say(client);
  await server.stop();
  assert.deepEqual(received.map(({ name, kind, localEndpoint }) => [name, kind, localEndpoint.serviceName]).sort(), [
    [METHOD, "CLIENT", "echo.rpc"],
    [METHOD, "SERVER", "echo.rpc"],
  ]);
});

test("Batcher file: spans are appended to the file, a line each", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-spans-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "spans.json");
  for (let round = 1; round <= 2; round++) {
    const { server, client } = await served(t, `Telemetry: { Batcher: file, Endpoint: "${path}" }`);
    await say(client);
    await server.stop();
    const spans = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(spans.length, 2 * round);
    assert.equal(spans.at(-1).Name, METHOD);
    assert.equal(spans.at(-1).SpanContext.TraceID, spans.at(-2).SpanContext.TraceID);
  }
});

test("Sampler keeps its share of the traces that begin here, and goes by the parent of the others", async (t) => {
  const collector = await startCollector(t, "otlphttp");
  const { server, client } = await served(
    t,
    `Telemetry: { Batcher: otlphttp, Endpoint: "${collector.address}", Sampler: 0.3 }`,
  );
  for (let i = 0; i < 200; i++) await say(client);
  await server.stop();
  const traces = groupBy(collector.spans, ({ traceId }) => traceId);
  assert.ok(traces.size > 20 && traces.size < 110, `${traces.size} of 200`);
  for (const spans of traces.values()) assert.equal(spans.length, 2, "a trace is kept as a whole");
});

for (const [what, section] of [
  ["Disabled: true", "Telemetry: { Endpoint: ENDPOINT, Disabled: true }"],
  ["no Endpoint", "Telemetry: { Name: echo }"],
  ["no section", ""],
] as const) {
  test(`${what} starts nothing`, async (t) => {
    const collector = await startCollector(t, "otlpgrpc");
    const { server, client } = await served(t, section.replace("ENDPOINT", `"${collector.address}"`));
    await say(client);
    assert.ok(!isTracing());
    await server.stop();
    assert.deepEqual(collector.spans, []);
  });
}

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

test("a collector that refuses is told of once, disturbs no call, and gets spans when it takes them again", async (t) => {
  const lines = gatherLines();
  const port = await freePort();
  const { server, client } = await served(t, `Telemetry: { Batcher: otlphttp, Endpoint: "127.0.0.1:${port}" }`);
  const first = await startCollector(t, "otlphttp", port);
  first.refuses = true;
  const flushed = () => {
    const provider = trace.getTracerProvider() as { getDelegate?(): { forceFlush(): Promise<void> } };
    return provider.getDelegate!()
      .forceFlush()
      .catch(() => {});
  };
  for (let round = 0; round < 2; round++) {
    await say(client);
    await flushed();
  }
  const told = (level: string) =>
    lines.filter((line) => line.level === level && /Telemetry: the Endpoint/.test(line.message));
  assert.equal(told("warn").length, 1);
  assert.match(JSON.stringify(told("warn")), new RegExp(`127\\.0\\.0\\.1:${port}`));
  first.refuses = false;
  await say(client);
  await flushed();
  assert.equal(told("info").length, 1);
  assertOneCall(first.spans, "echo.rpc");
  await server.stop();
});

test("a collector that hangs holds up no stop beyond the limit", async (t) => {
  const lines = gatherLines();
  const collector = await startCollector(t, "otlpgrpc");
  collector.hangs = true;
  const { server, client } = await served(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  await say(client);
  const stopped = server.stop();
  await stopped;
  assert.equal(lines.filter(({ message }) => /the last spans have not been taken in time/.test(message)).length, 1);
});

test("a program without a server starts it by startTelemetry, and by the same rules", async (t) => {
  const collector = await startCollector(t, "otlphttp");
  const telemetry = await startTelemetry({ Name: "job", Endpoint: collector.address, Batcher: "otlphttp" });
  trace.getTracer("test").startSpan("work").end();
  await telemetry!.close();
  assert.deepEqual(
    collector.spans.map(({ service, name }) => [service, name]),
    [["job", "work"]],
  );
  assert.equal(await startTelemetry({ Name: "job" }), undefined);
  await assert.rejects(
    startTelemetry({ Endpoint: "127.0.0.1", OtlpHeaders: { authorization: "hidden-secret\n" } }),
    (error: Error) => {
      assert.match(
        error.message,
        /^the configuration of Telemetry is not usable: OtlpHeaders\.authorization has characters/,
      );
      assert.doesNotMatch(error.message, /hidden-secret/);
      return true;
    },
  );
});

test("SIGTERM sends the last spans before the process ends, and a program whose collector is away ends as well", async (t) => {
  const collector = await startCollector(t, "otlpgrpc");
  const there = await program(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  assert.equal(await there.stop(), 0);
  assertOneCall(collector.spans, "echo.rpc");
  collector.stop();
  const away = await program(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  assert.equal(await away.stop(), 0);
});

for (const [batcher, ...packages] of [
  ["otlpgrpc", "exporter-trace-otlp-grpc@0.223"],
  ["otlphttp", "exporter-trace-otlp-proto@0.223"],
  ["zipkin", "exporter-zipkin@2"],
  ["file"],
] as const) {
  test(`Batcher ${batcher} without its packages: an error that says what to install, and a server that serves`, async (t) => {
    const hooks = `export const resolve = (name, context, next) => {
      if (/^@opentelemetry\\/(?!api$)/.test(name)) throw Object.assign(new Error("no " + name), { code: "ERR_MODULE_NOT_FOUND" });
      return next(name, context);
    }`;
    const register = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`;
    const endpoint = batcher === "zipkin" ? "http://127.0.0.1:1/" : "127.0.0.1:1";
    const { errors, stop } = await program(
      t,
      `Telemetry: { Batcher: ${batcher}, Endpoint: "${endpoint}" }`,
      `data:text/javascript,${encodeURIComponent(register)}`,
    );
    const names = ["sdk-trace-node@2", "resources@2", ...packages].map((name) => `@opentelemetry/${name}`).join(" ");
    assert.deepEqual(errors, [
      `no spans are sent: Telemetry with Batcher: ${batcher} needs packages of OpenTelemetry: run \`npm install ${names}\``,
    ]);
    assert.equal(await stop(), 0);
  });
}
