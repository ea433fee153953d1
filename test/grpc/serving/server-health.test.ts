import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { ServerHealth } from "../../../src/grpc/server/health-service.js";
import { HealthClient, HealthCheckResponse_ServingStatus as Status } from "../../../src/proto/health.js";
import { until } from "../../support/until.js";

const health = new ServerHealth(["shop.Cart", "shop.Order"]);
const server = new grpc.Server();
let client: HealthClient;

before(async () => {
  health.addTo(server);
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  client = new HealthClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});
after(() => {
  client.close();
  server.forceShutdown();
});

function check(service: string): Promise<Status> {
  return new Promise((resolve, reject) => {
    client.check({ service }, (error, { status } = { status: 0 }) => (error ? reject(error) : resolve(status)));
  });
}

test("a server says NOT_SERVING until it is told that it serves; single services may say otherwise", async () => {
  assert.deepEqual(await Promise.all(["", "shop.Cart", "shop.Order"].map(check)), [2, 2, 2]);
  health.set("SERVING");
  health.set("NOT_SERVING", "shop.Order");
  assert.deepEqual(await Promise.all(["", "shop.Cart", "shop.Order"].map(check)), [1, 1, 2]);
  health.set("SERVING");
  assert.equal(await check("shop.Order"), Status.SERVING);
});

test("Check of a service that is not known answers NOT_FOUND and names it", async () => {
  await assert.rejects(check("shop.Pay"), { code: grpc.status.NOT_FOUND, details: /no service "shop.Pay"/ });
});

test("Watch tells the status at once, each change once, and SERVICE_UNKNOWN until a service is known", async () => {
  health.set("SERVING");
  const told: Record<string, Status[]> = { "": [], "shop.Cart": [], "shop.New": [] };
  const watches = Object.entries(told).map(([service, heard]) => {
    const watch = client.watch({ service });
    watch.on("data", ({ status }) => heard.push(status));
    const ended = new Promise<grpc.status>((resolve) => {
      watch.on("error", ({ code }: grpc.ServiceError) => resolve(code));
    });
    return { watch, ended };
  });
  await until(() => Object.values(told).every(({ length }) => length === 1), "all have heard");
  assert.deepEqual(told, { "": [1], "shop.Cart": [1], "shop.New": [3] });
  health.set("NOT_SERVING", "shop.Cart");
  health.set("NOT_SERVING", "shop.Cart");
  health.set("SERVING", "shop.New");
  health.set("NOT_SERVING");
  await until(() => told[""]!.length === 2 && told["shop.New"]!.length === 3, "all have heard");
  assert.deepEqual(told, { "": [1, 2], "shop.Cart": [1, 2], "shop.New": [3, 1, 2] });
  for (const { watch } of watches) watch.cancel();
  assert.deepEqual(await Promise.all(watches.map(({ ended }) => ended)), Array(3).fill(grpc.status.CANCELLED));
  // Nobody listens any more; that must not matter.
  health.set("SERVING");
  assert.equal(await check("shop.Cart"), Status.SERVING);
});

test("watches are ended when asked, so that a graceful shutdown need not wait for them", async () => {
  const watch = client.watch({ service: "" });
  await new Promise((resolve) => watch.once("data", resolve));
  const ended = new Promise<grpc.status>((resolve) => {
    watch.on("error", ({ code }: grpc.ServiceError) => resolve(code));
  });
  health.endWatches();
  assert.equal(await ended, grpc.status.UNAVAILABLE);
  health.set("NOT_SERVING");
  health.set("SERVING");
});

test("List names all services, and refuses where they are too many", async () => {
  const list = () =>
    new Promise<object>((resolve, reject) => {
      client.list({}, (error, reply) => (error ? reject(error) : resolve(reply.statuses)));
    });
  health.set("SERVING");
  health.set("NOT_SERVING", "shop.Order");
  assert.deepEqual(Object.entries(await list()), [
    ["", { status: Status.SERVING }],
    ["shop.Cart", { status: Status.SERVING }],
    ["shop.Order", { status: Status.NOT_SERVING }],
    ["shop.New", { status: Status.SERVING }],
  ]);
  for (let at = 0; at < 100; at++) health.set("SERVING", `shop.S${at}`);
  await assert.rejects(list(), { code: grpc.status.RESOURCE_EXHAUSTED });
});
