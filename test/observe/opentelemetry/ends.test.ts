import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { metrics, SpanKind } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, Span } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { createClient, createServer, type Server, setLogLevel } from "../../../src/index.js";
import "../../../src/register.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { until } from "../../support/until.js";

// Every span that begins has to end, however the call does.
const running = new Set<Span>();
const ended: ReadableSpan[] = [];
const tracing = new NodeTracerProvider({
  spanProcessors: [
    {
      onStart: (span) => running.add(span),
      onEnd: (span) => {
        running.delete(span as Span);
        ended.push(span);
      },
      shutdown: async () => {},
      forceFlush: async () => {},
    },
  ],
});
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const registry = new FixtureRegistry("ends");
const servers: Server[] = [];

async function serve(
  service: string,
  say?: (address: () => string) => grpc.handleUnaryCall<EchoRequest, EchoReply>,
): Promise<Server> {
  const server: Server = createServer(
    { Name: service, ListenOn: "127.0.0.1:0", CpuThreshold: 0, Timeout: 0, Shutdown: { WrapUpTime: 0, WaitTime: 300 } },
    (builder) => {
      const handlers = echoHandlers(() => server.address!);
      builder.addService(EchoService, { ...handlers, ...(say && { say: say(() => server.address!) }) });
    },
    { signals: false, registry: registry.target(service) },
  );
  await server.start();
  servers.push(server);
  return server;
}

before(() => {
  setLogLevel("silent");
  tracing.register();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
beforeEach(() => {
  running.clear();
  ended.length = 0;
});
after(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

/** Started and ended attempts and served calls, so far. */
async function counts() {
  await reader.forceFlush();
  const all = exporter
    .getMetrics()
    .at(-1)!
    .scopeMetrics.flatMap((scope) => scope.metrics);
  const of = (name: string) =>
    (all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []).reduce(
      (sum, { value }) => sum + (typeof value === "number" ? value : (value as { count: number }).count),
      0,
    );
  return {
    attempts: of("grpc.client.attempt.started") - of("grpc.client.attempt.duration"),
    served: of("grpc.server.call.started") - of("grpc.server.call.duration"),
  };
}

const clients: readonly (readonly [string, (target: string) => EchoClient])[] = [
  ["createClient", (Target) => createClient(EchoClient, { Target, Timeout: 0 })],
  ["a bare client", (target) => new EchoClient(target, grpc.credentials.createInsecure())],
];

const finished = (call: grpc.ClientReadableStream<unknown> | grpc.ClientDuplexStream<unknown, unknown>) =>
  new Promise<grpc.StatusObject>((resolve) => {
    call.on("error", () => {});
    call.on("status", resolve);
  });

for (const [name, make] of clients) {
  const scenarios: Record<string, (client: EchoClient, server: Server) => Promise<string>> = {
    "a unary call that its caller cancels": async (client) => {
      const code = new Promise<number>((resolve) => {
        const call = client.say({ delayMs: 60_000 }, {}, (error) => resolve(error?.code ?? 0));
        setTimeout(() => call.cancel(), 50);
      });
      assert.equal(await code, grpc.status.CANCELLED);
      return "CANCELLED";
    },
    "a unary call that is cancelled at once": async (client) => {
      const code = new Promise<number>((resolve) => {
        client.say({ delayMs: 60_000 }, {}, (error) => resolve(error?.code ?? 0)).cancel();
      });
      assert.equal(await code, grpc.status.CANCELLED);
      return "CANCELLED";
    },
    "a call whose deadline passes": async (client) => {
      await assert.rejects(say(client, { delayMs: 60_000 }, { deadline: Date.now() + 80 }), { code: 4 });
      return "DEADLINE_EXCEEDED";
    },
    "a stream that its reader cancels": async (client) => {
      const call = client.chat();
      const end = finished(call);
      call.write({ text: "a" });
      await once(call, "data");
      call.cancel();
      assert.equal((await end).code, grpc.status.CANCELLED);
      return "CANCELLED";
    },
    "a stream whose server goes": async (client, server) => {
      const call = client.chat();
      const end = finished(call);
      call.write({ text: "a" });
      await once(call, "data");
      await server.stop();
      assert.equal((await end).code, grpc.status.UNAVAILABLE);
      return "UNAVAILABLE";
    },
    "a stream that is open when its client is closed": async (client) => {
      const call = client.chat();
      const end = finished(call);
      call.write({ text: "a" });
      await once(call, "data");
      client.close();
      call.cancel();
      await end;
      return "CANCELLED";
    },
    "a request that cannot be written": async (client) => {
      const circle: Record<string, unknown> = {};
      circle.text = circle;
      const code = new Promise<number>((resolve) => {
        client.say(circle, {}, (error) => resolve(error?.code ?? 0));
      });
      assert.equal(await code, grpc.status.INTERNAL);
      return "";
    },
    "an answer that cannot be read": async (client) => {
      const code = new Promise<number>((resolve) => {
        client.makeUnaryRequest(
          EchoService.say.path,
          EchoService.say.requestSerialize,
          () => {
            throw new Error("not for me");
          },
          {},
          (error) => resolve(error?.code ?? 0),
        );
      });
      assert.notEqual(await code, 0);
      return "";
    },
  };
  for (const [what, play] of Object.entries(scenarios)) {
    test(`${name}: the spans of ${what} end, and its counts`, async () => {
      const service = `${name}-${what}`.replaceAll(/\W/g, "-");
      const server = await serve(service);
      const client = make(registry.target(service));
      await say(client);
      const status = await play(client, server);
      client.close();
      await until(() => running.size === 0, `${[...running].map((span) => span.name)} have ended`);
      await until(async () => {
        const { attempts, served } = await counts();
        return attempts === 0 && served === 0;
      }, "what was counted as started is counted as ended");
      if (status === "") return;
      const spans = ended.filter(({ kind }) => kind === SpanKind.CLIENT);
      assert.equal(spans.at(-1)?.attributes["rpc.response.status_code"], status);
    });
  }

  test(`${name}: the span of a call that waits for a first instance ends with its deadline, and with its client`, async () => {
    const client = make(registry.target(`${name}-nobody`.replaceAll(/\W/g, "-")));
    await assert.rejects(say(client, {}, { deadline: Date.now() + 100 }), { code: 4 });
    const waiting = say(client, {}, { deadline: Date.now() + 3_000 });
    client.close();
    await assert.rejects(waiting);
    await until(() => running.size === 0, "all spans have ended");
  });
}

test("of three copies that run at once, the call's span names the instance whose copy answered", async () => {
  const arrived: string[] = [];
  let answer = () => {};
  const third = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const secondAnswers =
    (address: () => string): grpc.handleUnaryCall<EchoRequest, EchoReply> =>
    (_call, callback) => {
      const number = arrived.push(address());
      if (number === 3) answer();
      // The first and the third hang until they are cancelled.
      if (number === 2) void third.then(() => callback(null, { instance: address() }));
    };
  for (let i = 0; i < 3; i++) await serve("three-copies", secondAnswers);
  const client = createClient(EchoClient, {
    Target: registry.target("three-copies"),
    Timeout: 0,
    Methods: [{ FullMethod: EchoService.say.path, Hedge: { Delay: 30, MaxAttempts: 3 } }],
  });
  const { instance } = await say(client, {}, { deadline: Date.now() + 5000 });
  client.close();
  await until(() => running.size === 0, "all spans have ended");
  const call = ended.find(({ kind }) => kind === SpanKind.CLIENT)!;
  assert.equal(call.attributes["peer.address"], instance);
  const attempts = ended.filter(({ kind }) => kind === SpanKind.INTERNAL);
  assert.deepEqual(attempts.map(({ attributes }) => attributes["rpc.response.status_code"]).sort(), [
    "CANCELLED",
    "CANCELLED",
    "OK",
  ]);
});
