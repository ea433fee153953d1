import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, overloadProtection, type ServerConfig } from "../../src/index.js";
import { HealthCheckResponse_ServingStatus as Status } from "../../src/proto/health.js";
import {
  EchoClient,
  type EchoReply,
  type EchoRequest,
  EchoService,
  echoHandlers,
  say,
  tally,
} from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { startHealthServer } from "../support/health-server.js";
import { until } from "../support/until.js";
import { gatherWarnings } from "../support/warnings.js";

const registry = new FixtureRegistry();

/** An instance that refuses its Say as a full server does while `pushback` is set. */
async function instance(t: TestContext) {
  const state = { address: "", calls: 0, pushback: undefined as string | undefined, code: grpc.status.OK };
  const server = new grpc.Server();
  server.addService(EchoService, {
    ...echoHandlers(() => state.address),
    say: (_call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) => {
      state.calls += 1;
      if (state.code) return callback({ code: state.code, details: "as asked" });
      if (state.pushback === undefined) return callback(null, { instance: state.address });
      const metadata = new grpc.Metadata();
      metadata.set("grpc-retry-pushback-ms", state.pushback);
      callback({ code: grpc.status.RESOURCE_EXHAUSTED, details: "full", metadata });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  state.address = `127.0.0.1:${port}`;
  t.after(() => server.forceShutdown());
  return state;
}

async function fleet(t: TestContext, count: number, service: string) {
  const instances = await Promise.all(Array.from({ length: count }, () => instance(t)));
  registry.list(
    service,
    instances.map(({ address }) => address),
  );
  const client = createClient(EchoClient, { Target: registry.target(service) });
  t.after(() => client.close());
  // Until all have been called.
  for (let i = 0; i < 2_000 && instances.some(({ calls }) => calls === 0); i++) await say(client);
  for (const one of instances) {
    assert.ok(one.calls > 0);
    one.calls = 0;
  }
  return { instances, client };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => grpc.status.OK,
    (error: grpc.ServiceError) => error.code,
  );

test("a full instance's call goes elsewhere unseen, and the next calls do not go there", async (t) => {
  const { instances, client } = await fleet(t, 3, "one-full");
  instances[0]!.pushback = "20000";
  for (let i = 0; i < 100; i++) await say(client);
  assert.equal(instances[0]!.calls, 1);
});

test("a bare client with the registry's URL listens as well", async (t) => {
  const { instances } = await fleet(t, 2, "bare-full");
  const client = new EchoClient(registry.target("bare-full"), grpc.credentials.createInsecure());
  t.after(() => client.close());
  instances[0]!.pushback = "20000";
  for (let i = 0; i < 50; i++) await say(client);
  assert.ok(instances[0]!.calls <= 1, `${instances[0]!.calls}`);
});

test("an instance is called again when its time is over, as one that never failed", async (t) => {
  const { instances, client } = await fleet(t, 2, "full-again");
  instances[0]!.pushback = "30";
  for (let i = 0; i < 500 && instances[0]!.calls === 0; i++) await say(client);
  instances[0]!.pushback = undefined;
  await new Promise((resolve) => setTimeout(resolve, 40));
  instances[0]!.calls = 0;
  for (let i = 0; i < 100; i++) await say(client);
  assert.ok(instances[0]!.calls > 5, `${instances[0]!.calls} of 100`);
});

test("when all are full calls fail at once with RESOURCE_EXHAUSTED and reach nobody", async (t) => {
  const { instances, client } = await fleet(t, 3, "all-full");
  for (const one of instances) one.pushback = "20000";
  for (let i = 0; i < 10; i++) await codeOf(say(client));
  const before = instances.reduce((sum, { calls }) => sum + calls, 0);
  for (let i = 0; i < 50; i++) {
    await assert.rejects(say(client), {
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: /all 3 instances of "all-full"/,
    });
  }
  assert.equal(
    instances.reduce((sum, { calls }) => sum + calls, 0),
    before,
  );
});

test("of four that are full at most two are set aside while a fourth is not", async (t) => {
  const { instances, client } = await fleet(t, 4, "most-full");
  for (const one of instances.slice(1)) one.pushback = "20000";
  for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 10 }, () => codeOf(say(client))));
  const called = instances.map(({ calls }) => calls);
  assert.equal(called.filter((calls) => calls <= 10).length, 2, `${called}`);
});

test("a server that says not to come again is not tried elsewhere", async (t) => {
  const { instances, client } = await fleet(t, 2, "no-retry");
  for (const one of instances) one.pushback = "-1";
  for (let i = 0; i < 20; i++) assert.equal(await codeOf(say(client)), grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(instances[0]!.calls + instances[1]!.calls, 20);
});

test("a method that fails at one instance is called at the others, and fails nowhere else", async (t) => {
  const { instances, client } = await fleet(t, 2, "breaker");
  instances[0]!.code = grpc.status.INTERNAL;
  let failed = 0;
  for (let i = 0; i < 400; i++) if ((await codeOf(say(client))) !== grpc.status.OK) failed += 1;
  assert.ok(failed < 20, `${failed} of 400 failed`);
  assert.equal(instances[0]!.calls, failed);
});

test("where a method fails at all instances the caller gets their answer, and never one of the breaker's", async (t) => {
  const { instances, client } = await fleet(t, 2, "all-fail");
  for (const one of instances) one.code = grpc.status.NOT_FOUND;
  for (let i = 0; i < 50; i++) assert.equal(await codeOf(say(client)), grpc.status.NOT_FOUND);
  for (const one of instances) one.code = grpc.status.INTERNAL;
  for (let i = 0; i < 200; i++) {
    await assert.rejects(say(client), { code: grpc.status.INTERNAL, details: "as asked" });
  }
});

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

/** Keeps this process busy in each call. */
function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

/** Makes calls one by one, so that the server knows what they take, and then in bursts until some are refused, for 20 s at most. */
async function overload(client: EchoClient): Promise<grpc.ServiceError[]> {
  const refused: grpc.ServiceError[] = [];
  for (let i = 0; i < 40; i++) {
    await say(client);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
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
  let handled = 0;
  const { server, client } = await serve(t, {}, (call, callback) => {
    handled += 1;
    busy(call, callback);
  });
  const plain = new EchoClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  t.after(() => plain.close());
  const refused = await overload(plain);
  assert.ok(refused.length > 0, "nothing was refused");
  for (const { code, metadata } of refused) {
    assert.equal(code, grpc.status.RESOURCE_EXHAUSTED);
    const ms = Number(metadata.get("grpc-retry-pushback-ms")[0]);
    assert.ok(ms >= 10 && ms <= 1_000, `${ms}`);
  }
  assert.ok(handled > 0);
  assert.equal(await codeOf(say(client)), grpc.status.OK);
});

test("CpuThreshold: 0 and every Mode but pro refuse nothing", async (t) => {
  for (const config of [{ CpuThreshold: 0 }, { Mode: "dev" }, { Mode: "test" }] as const) {
    const { server } = await serve(t, config, busy);
    const plain = new EchoClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
    t.after(() => plain.close());
    const began = performance.now();
    while (performance.now() - began < 2_500) await Promise.all(Array.from({ length: 100 }, () => say(plain)));
  }
});

test("Methods: a method that may never be refused is not, and the others are", async (t) => {
  const { server } = await serve(t, { Methods: [{ FullMethod: "/test.Echo/*", Shed: "never" }] }, busy);
  const plain = new EchoClient(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  t.after(() => plain.close());
  const began = performance.now();
  while (performance.now() - began < 3_000) await Promise.all(Array.from({ length: 100 }, () => say(plain)));
});

test("an unloaded server never refuses: many calls at once now and then, quick and slow", async (t) => {
  const { client } = await serve(t, {});
  await Promise.all(Array.from({ length: 500 }, () => say(client)));
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 20 }, () => say(client, { delayMs: 50 })));
  }
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

test("two of three that do not serve are more than may be set aside: all are called, with one warning; one of three is not", async (t) => {
  const warnings = gatherWarnings();
  const said: Status[] = [Status.SERVING, Status.SERVING, Status.SERVING];
  const servers = await Promise.all(
    said.map((_, i) => startHealthServer((call) => void call.write({ status: said[i]! }))),
  );
  const drain = (i: number) => {
    said[i] = Status.NOT_SERVING;
    servers[i]!.tell(Status.NOT_SERVING);
  };
  for (const one of servers) t.after(() => one.stop());
  const client = createClient(EchoClient, { Endpoints: servers.map(({ address }) => address) });
  t.after(() => client.close());
  await until(async () => (await tally(client, 30, 5)).size === 3, "all are called");
  drain(0);
  await until(async () => !(await tally(client, 60, 5)).has(servers[0]!.address), "the one is set aside");
  drain(1);
  await until(async () => (await tally(client, 60, 5)).size === 3, "all are called again");
  assert.equal(warnings.filter((line) => /only 1 of 3 instances/.test(JSON.stringify(line))).length, 1);
});
