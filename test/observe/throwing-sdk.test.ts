import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { metrics, trace } from "@opentelemetry/api";
import { createClient, createServer, type Server } from "../../src/index.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../support/echo.js";

let server: Server;

before(async () => {
  server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 }, CpuThreshold: 0, Middlewares: { Breaker: false } },
    (builder) =>
      builder.addService(EchoService, {
        ...echoHandlers(() => "here"),
        /** A call's first attempt fails, and is made again. */
        say(call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) {
          const again = call.metadata.get("grpc-previous-rpc-attempts").length > 0;
          if (!again) callback({ code: grpc.status.UNAVAILABLE, details: "again" });
          else callback(null, { instance: "here" });
        },
      }),
    { signals: false },
  );
  await server.start();
});
after(() => server.stop());

beforeEach(() => {
  trace.disable();
  metrics.disable();
});

const boom = (): never => {
  throw new Error("the SDK is broken");
};

/** Whatever is asked of it throws, but what has a value here. */
const throwing = (known: object) =>
  new Proxy(known, { get: (target, name) => (name in target ? target[name as never] : boom) }) as never;

const span = throwing({
  isRecording: () => true,
  spanContext: () => ({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 }),
});
const tracers = (tracer: object) => ({ getTracer: () => tracer }) as never;
const meters = (meter: object) => ({ getMeter: () => meter }) as never;

const SDKS: Record<string, () => void> = {
  "begins no span": () => trace.setGlobalTracerProvider(tracers({ startSpan: boom })),
  "has spans that take nothing": () => trace.setGlobalTracerProvider(tracers({ startSpan: () => span })),
  "has no meter": () => metrics.setGlobalMeterProvider({ getMeter: boom }),
  "makes no instrument": () => metrics.setGlobalMeterProvider(meters(throwing({}))),
  "has instruments that take nothing": () =>
    metrics.setGlobalMeterProvider(
      meters(new Proxy({}, { get: () => () => throwing({ addCallback: () => {}, removeCallback: () => {} }) })),
    ),
};

for (const [how, setUp] of Object.entries(SDKS)) {
  test(`an SDK that ${how} fails no call, of client and server, retried ones included`, async () => {
    setUp();
    const Retry = { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2, Budget: 1 };
    const client = createClient(EchoClient, { Endpoints: [server.address!], Retry });
    const away = createClient(EchoClient, { Endpoints: ["127.0.0.1:1"], Retry, Timeout: 500 });
    try {
      for (let i = 0; i < 5; i++) assert.equal((await say(client)).instance, "here");
      await assert.rejects(say(away), (error: grpc.ServiceError) =>
        [grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED].includes(error.code),
      );
    } finally {
      client.close();
      away.close();
    }
  });
}
