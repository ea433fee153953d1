import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, echoServer, registry } from "./echo-servers.js";
import { healthOf } from "./health-client.js";

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
