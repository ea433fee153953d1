import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { channelOf, createClient } from "../../../../src/index.js";
import { HealthCheckResponse_ServingStatus as Status } from "../../../../src/proto/health.js";
import { EchoClient, say, tally } from "../../../support/echo.js";
import { startHealthServer } from "../../../support/real-parts/health-server.js";
import { until } from "../../../support/until.js";
import { gatherWarnings } from "../../../support/warnings.js";
import { callUntilReached, codeOf, fleet, registry } from "./instances.js";

test("RESOURCE_EXHAUSTED without pushback is a failure as before, and goes to the caller", async (t) => {
  const { instances, client } = await fleet(t, 2, "exhausted");
  instances[0]!.code = grpc.status.RESOURCE_EXHAUSTED;
  const codes = await callUntilReached(client, instances[0]!);
  for (let i = 0; i < 200; i++) codes.push(await codeOf(say(client)));
  const failed = codes.filter((code) => code !== grpc.status.OK).length;
  assert.ok(failed > 0 && failed < 20, `${failed}`);
  assert.equal(instances[0]!.calls, failed);
});

test("Middlewares.Breaker: false and MaxSetAside: 0 leave it to the balancer where calls go", async (t) => {
  const { instances } = await fleet(t, 2, "no-breaker");
  const client = createClient(EchoClient, {
    Target: registry.target("no-breaker"),
    Middlewares: { Breaker: false },
    MaxSetAside: 0,
  });
  t.after(() => client.close());
  instances[0]!.pushback = "20000";
  await callUntilReached(client, instances[0]!);
  for (const { setAside } of channelOf(client)!.stats()!.instances) assert.equal(setAside, undefined);
  await until(async () => {
    await codeOf(say(client));
    return instances[0]!.calls > 1;
  }, "it is called again");
});

test("a method that fails at one instance is called at the others, and fails nowhere else", async (t) => {
  const { instances, client } = await fleet(t, 2, "breaker");
  instances[0]!.code = grpc.status.INTERNAL;
  const codes = await callUntilReached(client, instances[0]!);
  for (let i = 0; i < 400; i++) codes.push(await codeOf(say(client)));
  const failed = codes.filter((code) => code !== grpc.status.OK).length;
  assert.ok(failed < 20, `${failed} of ${codes.length} failed`);
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
