import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isTracing } from "../../../src/observe/calls/tracing.js";
import { say } from "../../support/echo.js";
import { freePort } from "../../support/network/ports.js";
import { bodyOf, startCollector } from "../../support/real-parts/otlp-collector.js";
import { assertOneCall, gatherLines, METHOD, program, served } from "./served.js";

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
