import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { ServerHealth } from "../grpc/server/health-service.js";
import { type Health, healthOf, healthOfAll, watchHealth } from "./health.js";

async function start(t: TestContext, health?: ServerHealth): Promise<{ server: grpc.Server; address: string }> {
  const server = new grpc.Server();
  health?.addTo(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  t.after(() => server.forceShutdown());
  return { server, address: `127.0.0.1:${port}` };
}

async function listen(t: TestContext, server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("health is what the instance says; one without health, with TLS or mute is unknown, one that is not there unreachable", async (t) => {
  const [good, bad] = [new ServerHealth(), new ServerHealth()];
  good.set("SERVING");
  const { address: serving } = await start(t, good);
  const { address: notServing } = await start(t, bad);
  const { address: plain } = await start(t);
  const sockets: { destroy(): void }[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const mute = await listen(
    t,
    createServer((socket) => sockets.push(socket.on("error", () => {}))),
  );
  // As a server does that expects TLS.
  const tls = await listen(
    t,
    createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end("\u0015\u0003\u0001"))),
  );
  const gone = createServer();
  const closed = await listen(t, gone);
  await new Promise((resolve) => gone.close(resolve));
  assert.deepEqual(
    Object.fromEntries(await healthOfAll([serving, notServing, plain, mute, tls, closed, "no address"])),
    {
      [serving]: "serving",
      [notServing]: "not serving",
      [plain]: "unknown",
      [mute]: "unknown",
      [tls]: "unknown",
      [closed]: "unreachable",
      "no address": "unreachable",
    },
  );
  assert.equal(await healthOf(serving), "serving");
});

test("a watch tells every change, the instance's end and its return", async (t) => {
  const health = new ServerHealth();
  health.set("SERVING");
  const { server, address } = await start(t, health);
  const over = new AbortController();
  const changes = new EventEmitter<{ health: [Health] }>();
  const next = async () => (await once(changes, "health"))[0];
  const first = next();
  const watching = watchHealth(address, over.signal, (told) => changes.emit("health", told));
  assert.equal(await first, "serving");
  const flipped = next();
  health.set("NOT_SERVING");
  assert.equal(await flipped, "not serving");
  const ended = next();
  server.forceShutdown();
  assert.equal(await ended, "unreachable");
  over.abort();
  await watching;
});
