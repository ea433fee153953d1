import assert from "node:assert/strict";
import { test } from "node:test";
import { trace } from "@opentelemetry/api";
import { say } from "../../support/echo.js";
import { freePort } from "../../support/network/ports.js";
import { startCollector } from "../../support/real-parts/otlp-collector.js";
import { assertOneCall, gatherLines, program, served } from "./served.js";

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

test("SIGTERM sends the last spans before the process ends, and a program whose collector is away ends as well", async (t) => {
  const collector = await startCollector(t, "otlpgrpc");
  const there = await program(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  assert.equal(await there.stop(), 0);
  assertOneCall(collector.spans, "echo.rpc");
  collector.stop();
  const away = await program(t, `Telemetry: { Endpoint: "${collector.address}" }`);
  assert.equal(await away.stop(), 0);
});
