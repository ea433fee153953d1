import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { registerBackend } from "../../../src/backends/table.js";
import { createServer } from "../../../src/grpc/server/server.js";
import type { Registration } from "../../../src/registry.js";
import { EchoService, echoHandlers, say } from "../../support/echo.js";
import { clientOf, echoServer, registry, servers } from "./echo-servers.js";
import { healthOf } from "./health-client.js";

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
