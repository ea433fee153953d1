import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../../src/index.js";
import { EchoClient, say } from "../../../support/echo.js";
import { codeOf, fleet, registry } from "./instances.js";

test("second attempts have a budget: where nothing succeeds callers soon get the servers' own answer", async (t) => {
  const { instances, client } = await fleet(t, 4, "budget");
  // No time to keep away for, so that nobody is ever set aside.
  for (const one of instances) one.pushback = "0";
  for (let i = 0; i < 100; i++) assert.equal(await codeOf(say(client)), grpc.status.RESOURCE_EXHAUSTED);
  const attempts = instances.reduce((sum, { calls }) => sum + calls, 0);
  assert.equal(attempts, 110, "attempts of 100 calls");
});

test("a refused call never makes more attempts than Hedge and Retry allow, and ends with the server's answer", async (t) => {
  const { instances } = await fleet(t, 3, "hedged-full");
  const client = createClient(EchoClient, { Target: registry.target("hedged-full"), Hedge: {} });
  t.after(() => client.close());
  for (const one of instances) one.pushback = "0";
  for (let i = 0; i < 50; i++) {
    const before = instances.reduce((sum, { calls }) => sum + calls, 0);
    await assert.rejects(say(client), { code: grpc.status.RESOURCE_EXHAUSTED, details: "full" });
    assert.ok(instances.reduce((sum, { calls }) => sum + calls, 0) - before <= 2);
  }
});

test("a server that says not to come again is not tried elsewhere", async (t) => {
  const { instances, client } = await fleet(t, 2, "no-retry");
  for (const pushback of ["-1", "no number"]) {
    for (const one of instances) one.calls = 0;
    for (const one of instances) one.pushback = pushback;
    for (let i = 0; i < 20; i++) assert.equal(await codeOf(say(client)), grpc.status.RESOURCE_EXHAUSTED);
    assert.equal(instances[0]!.calls + instances[1]!.calls, 20, pushback);
  }
});
