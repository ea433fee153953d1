import assert from "node:assert/strict";
import { test } from "node:test";
import { SpanKind } from "@opentelemetry/api";
import { createClient, createServer, type Server } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";
import { counted, spans } from "./measured.js";

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
