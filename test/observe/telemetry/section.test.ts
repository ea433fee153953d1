import assert from "node:assert/strict";
import { test } from "node:test";
import { trace } from "@opentelemetry/api";
import { groupBy } from "../../../src/group-by.js";
import { startTelemetry } from "../../../src/index.js";
import { isTracing } from "../../../src/observe/calls/tracing.js";
import { say } from "../../support/echo.js";
import { startCollector } from "../../support/real-parts/otlp-collector.js";
import { assertOneCall, served } from "./served.js";

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
