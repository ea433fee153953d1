import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, overloadProtection, type ServerConfig } from "../../../src/index.js";
import { processState } from "../../../src/observe/collect.js";
import { GAUGES } from "../../../src/observe/metrics/gauges.js";
import { HealthClient, HealthCheckResponse_ServingStatus as Status } from "../../../src/proto/health.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => grpc.status.OK,
    (error: grpc.ServiceError) => error.code,
  );

async function serve(
  t: TestContext,
  config: Partial<ServerConfig>,
  say?: grpc.handleUnaryCall<EchoRequest, EchoReply>,
) {
  const handlers = echoHandlers(() => "here");
  const server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 }, ...config },
    (one) => one.addService(EchoService, { ...handlers, ...(say && { say }) }),
    { signals: false },
  );
  await server.start();
  t.after(() => server.stop());
  const client = createClient(EchoClient, { Endpoints: [`127.0.0.1:${server.port}`], Timeout: 20_000 });
  t.after(() => client.close());
  return { server, client };
}

/** A server whose calls keep this process busy, with a client that knows nothing of pushback. */
async function bareClient(t: TestContext, config: Partial<ServerConfig>) {
  const { server } = await serve(t, config, busy);
  const client = new EchoClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  t.after(() => client.close());
  return client;
}

/** Keeps this process busy in each call. */
function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

/** Makes calls one by one, so that the server knows what they take when it is at rest. */
async function rest(client: EchoClient): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await say(client);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Makes calls in bursts until some are refused, for 20 s at most. */
async function overload(client: EchoClient): Promise<grpc.ServiceError[]> {
  const refused: grpc.ServiceError[] = [];
  await rest(client);
  const began = performance.now();
  while (refused.length === 0 && performance.now() - began < 20_000) {
    const calls = Array.from({ length: 200 }, () =>
      say(client).catch((error: grpc.ServiceError) => refused.push(error)),
    );
    await Promise.all(calls);
  }
  return refused;
}

const busy: grpc.handleUnaryCall<EchoRequest, EchoReply> = (_call, callback) => {
  spin(3);
  callback(null, { instance: "here" });
};

test("a full server refuses calls before their handlers, says when to come again, and still tells its health", async (t) => {
  const warnings = gatherWarnings();
  let handled = 0;
  const { server, client } = await serve(t, { Name: "full.rpc" }, (call, callback) => {
    handled += 1;
    busy(call, callback);
  });
  const plain = new EchoClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  const health = new HealthClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  t.after(() => plain.close());
  t.after(() => health.close());
  const refused = await overload(plain);
  assert.ok(refused.length > 0, "nothing was refused");
  for (const { code, metadata } of refused) {
    assert.equal(code, grpc.status.RESOURCE_EXHAUSTED);
    const ms = Number(metadata.get("grpc-retry-pushback-ms")[0]);
    assert.ok(ms >= 10 && ms <= 1_000, `${ms}`);
  }

  const [calls, told] = await Promise.all([
    Promise.all(Array.from({ length: 300 }, () => codeOf(say(plain)))),
    Promise.all(
      Array.from(
        { length: 100 },
        () =>
          new Promise<Status>((resolve, reject) => {
            health.check({ service: "" }, (error, answer) => (error ? reject(error) : resolve(answer.status)));
          }),
      ),
    ),
  ]);
  assert.ok(calls.includes(grpc.status.RESOURCE_EXHAUSTED) && calls.includes(grpc.status.OK), `${new Set(calls)}`);
  assert.deepEqual(new Set(told), new Set([Status.SERVING]));
  assert.ok(handled > 0);

  const said = () => warnings.filter(({ message }) => /calls are refused by overload protection/.test(message));
  await until(() => said().length > 0, "the server says that it refuses");
  assert.equal(said().length, 1);
  assert.match(said()[0]!.message, /\d+ because the server was full/);
  const counted = [...GAUGES.find(({ name }) => name === "rollcall.server.calls_refused")!.read()];
  assert.ok(counted.find(({ labels }) => labels.reason === "full")!.value >= refused.length);
  // When there is room again all are answered, also by a client that was told to wait.
  await until(async () => (await codeOf(say(client))) === grpc.status.OK, "calls are answered");
});

test("CpuThreshold: 0, every Mode but pro, and critical methods refuse nothing where another server refuses", async (t) => {
  const configs: Partial<ServerConfig>[] = [
    { CpuThreshold: 0 },
    ...(["dev", "test", "rt", "pre"] as const).map((Mode) => ({ Mode })),
    { Methods: [{ FullMethod: "/test.Echo/*", Criticality: "critical" }] },
  ];
  const other = await bareClient(t, {});
  const clients = await Promise.all(configs.map((config) => bareClient(t, config)));
  const burst = (client: EchoClient) => Promise.all(Array.from({ length: 60 }, () => codeOf(say(client))));
  const codes = new Map(configs.map((config) => [config, new Set<grpc.status>()]));
  let refused = false;
  await rest(other);
  const began = performance.now();
  while (!refused && performance.now() - began < 30_000) {
    const [elsewhere, ...here] = await Promise.all([burst(other), ...clients.map(burst)]);
    refused = elsewhere!.includes(grpc.status.RESOURCE_EXHAUSTED);
    here.forEach((some, i) => {
      for (const code of some) codes.get(configs[i]!)!.add(code);
    });
  }
  assert.ok(refused, "the other server refused nothing");
  for (const [config, seen] of codes) assert.deepEqual([...seen], [grpc.status.OK], JSON.stringify(config));
});

test("an unloaded server never refuses: many calls at once now and then, quick and slow", async (t) => {
  const { client } = await serve(t, {});
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const codes = await Promise.all(Array.from({ length: 500 }, () => codeOf(say(client))));
  for (let round = 0; round < 30; round++) {
    codes.push(...(await Promise.all(Array.from({ length: 20 }, () => codeOf(say(client, { delayMs: 50 }))))));
  }
  delay.disable();
  const refused = codes.filter((code) => code === grpc.status.RESOURCE_EXHAUSTED).length;
  // On a machine that lets this process wait for a CPU it is not unloaded: its event loop is late by itself.
  const lateMs = delay.percentile(95) / 1e6;
  if (lateMs > 100)
    t.diagnostic(`the event loop was ${lateMs.toFixed(0)} ms late for want of a CPU: ${refused} were refused`);
  else assert.equal(refused, 0);
});

test("a method that always fails is answered UNAVAILABLE by the breaker most of the time, the others are not touched", async (t) => {
  const { client } = await serve(t, {});
  const codes: grpc.status[] = [];
  for (let i = 0; i < 200; i++) codes.push(await codeOf(say(client, { code: grpc.status.INTERNAL })));
  assert.ok(codes.filter((code) => code === grpc.status.UNAVAILABLE).length > 100, `${codes}`);
  const stream = client.count({});
  await new Promise((resolve, reject) => stream.on("data", resolve).on("error", reject));
});

test("Middlewares.Breaker: false leaves failures as they are", async (t) => {
  const { client } = await serve(t, { Middlewares: { Breaker: false } });
  for (let i = 0; i < 100; i++)
    assert.equal(await codeOf(say(client, { code: grpc.status.INTERNAL })), grpc.status.INTERNAL);
});

test("a bare grpc-js server is protected by an interceptor, and a wrong threshold is refused", async (t) => {
  assert.throws(() => overloadProtection({ cpuThreshold: 1_000 }), /cpuThreshold is 1000; expected/);
  const server = new grpc.Server({ interceptors: [overloadProtection()] });
  server.addService(EchoService, { ...echoHandlers(() => "bare"), say: busy });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());
  const plain = new EchoClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.after(() => plain.close());
  assert.ok((await overload(plain)).length > 0);
});

test("streams that their callers' deadlines end have not failed: the next ones are served", async (t) => {
  const { server, client } = await serve(t, {});
  let unanswered = 0;
  const untilItsEnd = () =>
    new Promise<grpc.status>((resolve) => {
      const stream = client.count({ count: Number.POSITIVE_INFINITY }, { deadline: Date.now() + 200 });
      let isAnswered = false;
      stream.on("data", () => {
        isAnswered = true;
      });
      stream.on("error", ({ code }: grpc.ServiceError) => {
        if (!isAnswered) unanswered += 1;
        resolve(code);
      });
    });
  // More at a time than the breaker lets fail.
  for (let round = 0; round < 5; round++) {
    const ends = await Promise.all(Array.from({ length: 20 }, untilItsEnd));
    assert.deepEqual(new Set(ends), new Set([grpc.status.DEADLINE_EXCEEDED]));
  }
  const served = () => processState().serves.find(({ address }) => address === server.address);
  // The server learns of an end a moment after its client.
  await until(() => served()?.totals.calls === 100, "all have ended");
  assert.ok(served()!.totals.failures <= unanswered, `${served()!.totals.failures} failures, ${unanswered} unanswered`);
});
