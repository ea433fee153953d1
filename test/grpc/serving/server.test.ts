import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { after, mock, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { registerBackend } from "../../../src/backends/table.js";
import { createClient } from "../../../src/grpc/client/client.js";
import { createServer, type Server, type ServerSettings } from "../../../src/grpc/server/server.js";
import type { ServerConfig } from "../../../src/grpc/server/server-config.js";
import type { Registration } from "../../../src/registry.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { until } from "../../support/until.js";

const registry = new FixtureRegistry("served");
const open: { close(): void }[] = [];
const servers: Server[] = [];
after(async () => {
  for (const one of open) one.close();
  await Promise.all(servers.map((server) => server.stop()));
});

function echoServer(config: Partial<ServerConfig> = {}, settings: ServerSettings = {}, handlers = {}): Server {
  let server: Server;
  const build = (s: grpc.Server) =>
    s.addService(EchoService, { ...echoHandlers(() => server.address ?? "?"), ...handlers });
  const Shutdown = { WrapUpTime: 50, WaitTime: 2_000 };
  server = createServer({ ListenOn: "127.0.0.1:0", Shutdown, ...config }, build, { signals: false, ...settings });
  servers.push(server);
  return server;
}

function clientOf(server: Server): EchoClient {
  const client = new EchoClient(server.address!, grpc.credentials.createInsecure());
  open.push(client);
  return client;
}

// Read from the protocol's own file: what others' clients send and expect.
const HealthService = loadSync("proto/health.proto", { enums: String, defaults: true })[
  "grpc.health.v1.Health"
] as grpc.ServiceDefinition;
const HealthClient = grpc.makeClientConstructor(HealthService, "Health") as unknown as new (
  address: string,
  credentials: grpc.ChannelCredentials,
) => grpc.Client & {
  [method in "check" | "list"]: (
    request: object,
    callback: (error: grpc.ServiceError | null, reply: never) => void,
  ) => void;
} & { watch(request: object): grpc.ClientReadableStream<{ status: string }> };

/** Asks as kubelet, grpc_health_probe and the like do. */
function healthOf(server: Server) {
  const client = new HealthClient(server.address!, grpc.credentials.createInsecure());
  open.push(client);
  const ask = <T>(method: "check" | "list", request: object) =>
    new Promise<T>((resolve, reject) => {
      client[method](request, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  return {
    check: async (service: string) => (await ask<{ status: string }>("check", { service })).status,
    list: async () => (await ask<{ statuses: Record<string, { status: string }> }>("list", {})).statuses,
    watch: (service: string) => client.watch({ service }),
  };
}

test("health is told of the server and of each service, and of no other", async () => {
  const server = echoServer();
  await server.start();
  const health = healthOf(server);
  assert.equal(await health.check(""), "SERVING");
  assert.equal(await health.check("test.Echo"), "SERVING");
  await assert.rejects(health.check("test.Unknown"), { code: grpc.status.NOT_FOUND });
  const statuses = await health.list();
  assert.deepEqual(
    Object.entries(statuses).map(([name, { status }]) => [name, status]),
    [
      ["", "SERVING"],
      ["test.Echo", "SERVING"],
    ],
  );
});

test("a server that drains says NOT_SERVING, is no longer listed, and answers", async () => {
  const server = echoServer({ Shutdown: { WrapUpTime: 500, WaitTime: 5_000 } }, { registry: registry.target("drain") });
  await server.start();
  assert.deepEqual(registry.listed("drain"), [server.address]);
  const health = healthOf(server);
  const client = clientOf(server);
  const told: string[] = [];
  const listedWhenTold: number[] = [];
  const watch = health.watch("test.Echo").on("data", ({ status }: { status: string }) => {
    told.push(status);
    listedWhenTold.push(registry.listed("drain").length);
  });
  const watchEnded = new Promise<grpc.status>((resolve) => {
    watch.on("error", ({ code }: grpc.ServiceError) => resolve(code));
  });
  await until(() => told.length === 1, "the watch has begun");
  const stopped = server.stop();
  await until(() => told.length === 2, "the drain is told");
  assert.deepEqual(told, ["SERVING", "NOT_SERVING"]);
  assert.deepEqual(listedWhenTold, [1, 0], "it is taken out first");
  assert.equal(await health.check(""), "NOT_SERVING");
  assert.equal((await say(client)).instance, server.address, "who has not heard of it is answered");
  await stopped;
  assert.equal(await watchEnded, grpc.status.UNAVAILABLE);
});

test("Health: false tells nothing", async () => {
  const server = echoServer({ Health: false });
  await server.start();
  await assert.rejects(healthOf(server).check(""), { code: grpc.status.UNIMPLEMENTED });
});

test("Timeout ends unary calls, MethodTimeouts single ones, and streams go on", async () => {
  const short = echoServer({ Timeout: 50 });
  await short.start();
  const error = await say(clientOf(short), { delayMs: 2_000 }).catch((error: grpc.ServiceError) => error);
  assert.deepEqual(
    [(error as grpc.ServiceError).code, (error as grpc.ServiceError).details],
    [grpc.status.DEADLINE_EXCEEDED, "/test.Echo/Say did not end within the server's limit of 50 ms"],
  );
  const chat = clientOf(short).chat();
  const answers: unknown[] = [];
  chat.on("data", (reply) => answers.push(reply));
  chat.write({ text: "one" });
  await until(() => answers.length === 1, "the stream is answered");
  await assert.rejects(say(clientOf(short), { delayMs: 2_000 }), { code: grpc.status.DEADLINE_EXCEEDED });
  chat.write({ text: "two" });
  await until(() => answers.length === 2, "the stream outlives the limit of unary calls");
  chat.end();

  const single = echoServer({ Timeout: 50, MethodTimeouts: [{ FullMethod: "/test.Echo/Say", Timeout: 0 }] });
  await single.start();
  assert.ok(await say(clientOf(single), { delayMs: 150 }));
});

test("a call made while another is served gets no more time than that one has left", async () => {
  const behind: number[] = [];
  const back = echoServer(
    { Timeout: 0 },
    {},
    {
      say: (call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
        behind.push(Number(call.getDeadline()));
        callback(null, {});
      },
    },
  );
  await back.start();
  const toBack = createClient(EchoClient, { Endpoints: [back.address!], Timeout: 600_000 });
  open.push(toBack);
  const ahead: number[] = [];
  const front = echoServer(
    { Timeout: 200_000 },
    {},
    {
      say: async (call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
        ahead.push(Number(call.getDeadline()));
        // Through a timer and a promise: the context follows.
        await new Promise((resolve) => setTimeout(resolve, 10));
        await say(toBack);
        callback(null, {});
      },
    },
  );
  await front.start();
  const client = clientOf(front);
  const began = Date.now();
  await say(client, {}, { deadline: began + 60_000 });
  await say(client);
  await say(toBack);
  const [asked, limited, own] = behind.map((deadline) => deadline - began) as [number, number, number];
  assert.ok(asked <= 100_000, `the caller's 60 s became ${asked} ms`);
  assert.ok(limited > 100_000 && limited <= 300_000, `the server's limit of 200 s became ${limited} ms`);
  assert.ok(own > 500_000, "outside a call the client's own timeout counts");
});

test("pause and resume take a server out of rotation and back, however often they are asked", async () => {
  const server = echoServer({}, { registry: registry.target("pause") });
  await assert.rejects(server.pause(), /only a server that is started and not stopped/);
  const started = server.start();
  await Promise.all([server.pause(), server.pause(), started]);
  const health = healthOf(server);
  assert.deepEqual([registry.listed("pause"), await health.check("")], [[], "NOT_SERVING"]);
  assert.equal((await say(clientOf(server))).instance, server.address, "who comes all the same is answered");
  await Promise.all([server.resume(), server.resume()]);
  assert.deepEqual([registry.listed("pause"), await health.check("")], [[server.address], "SERVING"]);
  await Promise.all([server.pause(), server.resume(), server.pause()]);
  assert.deepEqual(registry.listed("pause"), []);
  await server.stop();
  await assert.rejects(server.resume(), /only a server that is started and not stopped/);
});

test("a registry that refuses for good: start() fails and frees the port, resume() fails and the server stays paused", async () => {
  let refusing = true;
  const fake = (): Registration =>
    Object.assign(new EventEmitter<{ lost: [Error]; restored: [] }>(), {
      listed: true,
      // A backend that breaks the contract must not keep a server from stopping.
      deregister: () => Promise.reject(new Error("broken")),
    });
  registerBackend("refusing", {
    registrar: () => ({
      register: async () => {
        if (refusing) throw new Error("no such tenant");
        return fake();
      },
    }),
  });
  const settings = { registry: "refusing:///h:1?key=a" };
  const failing = echoServer({}, settings);
  await assert.rejects(failing.start(), /no such tenant/);
  const again = echoServer({ ListenOn: `127.0.0.1:${failing.port}` }, settings);
  refusing = false;
  await again.start();
  await again.pause();
  refusing = true;
  await assert.rejects(again.resume(), /no such tenant/);
  assert.equal(await healthOf(again).check(""), "NOT_SERVING");
  refusing = false;
  await again.resume();
  await again.stop();
});

test("stop() may be called often, before start(), and while start() runs", async () => {
  const twice = echoServer();
  await twice.start();
  const [first, second] = [twice.stop(), twice.stop()];
  assert.equal(first, second);
  await first;

  const never = echoServer();
  await never.stop();
  await assert.rejects(never.start(), /was stopped before it was started/);
  assert.equal(never.port, undefined);

  const early = echoServer({}, { registry: registry.target("early") });
  await Promise.all([early.start(), early.stop()]);
  assert.deepEqual(registry.listed("early"), []);
});

test("start() after a stop is told that nothing serves", async () => {
  const server = echoServer();
  await server.start();
  await server.stop();
  await assert.rejects(server.start(), /^Error: the server was stopped; create another one/);
});

test("services may be added by a promise: the start waits for it, and fails with it", async () => {
  const late = createServer(
    { ListenOn: "127.0.0.1:0" },
    async (s) => {
      await new Promise(setImmediate);
      s.addService(
        EchoService,
        echoHandlers(() => "late"),
      );
    },
    { signals: false },
  );
  servers.push(late);
  await late.start();
  assert.deepEqual(await say(clientOf(late)), { instance: "late" });
  assert.equal(await healthOf(late).check("test.Echo"), "SERVING");

  const broken = createServer({ ListenOn: "127.0.0.1:0" }, () => Promise.reject(new Error("no database")), {
    signals: false,
  });
  await assert.rejects(broken.start(), /no database/);
  assert.equal(broken.port, undefined);
});

test("what adding the services returns otherwise does not matter", async () => {
  const added: string[] = [];
  const server = createServer({ ListenOn: "127.0.0.1:0" }, () => added.push("nothing"), { signals: false });
  servers.push(server);
  await server.start();
  assert.equal(await healthOf(server).check(""), "SERVING");
});

test("streams in flight on an instance that is taken out of the registry go on", async () => {
  const [one, other] = [echoServer(), echoServer()];
  await Promise.all([one.start(), other.start()]);
  registry.list("removal", [one.address!]);
  const client = createClient(EchoClient, { Target: registry.target("removal") });
  open.push(client);
  const chat = client.chat();
  const answers: string[] = [];
  chat.on("data", ({ instance }) => answers.push(instance));
  chat.write({});
  await until(() => answers.length === 1, "the stream has begun");
  registry.list("removal", [other.address!]);
  await until(async () => (await say(client)).instance === other.address, "new calls go elsewhere");
  chat.write({});
  await until(() => answers.length === 2, "the stream goes on");
  assert.deepEqual(answers, [one.address, one.address]);
  const status = new Promise<grpc.status>((resolve) => chat.on("status", ({ code }) => resolve(code)));
  chat.end();
  assert.equal(await status, grpc.status.OK);
});

test("of a client that vanished without a word nothing is kept: its connection ends, and so do its calls", async (t) => {
  const server = echoServer(
    {},
    {},
    {
      chat(call: grpc.ServerDuplexStream<unknown, unknown>) {
        call.write({});
        call.on("cancelled", () => cancelled());
      },
    },
  );
  let cancelled = () => {};
  const ended = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  await server.start();
  const proxy = new SilentProxy(server.port!);
  await proxy.start();
  open.push({ close: () => void proxy.stop() });
  // The minutes that pass are not those of a clock.
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const client = new EchoClient(`127.0.0.1:${proxy.port}`, grpc.credentials.createInsecure());
  open.push(client);
  const chat = client.chat();
  chat.on("error", () => {});
  await new Promise((resolve) => chat.once("data", resolve));
  proxy.silence();
  mock.timers.tick(300_000);
  mock.timers.tick(20_000);
  await ended;
});
