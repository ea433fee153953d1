import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import "../../../src/register.js";
import { say, tally } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, echoes, registry } from "./bare-echoes.js";

test("a bare grpc-js client is balanced over all instances without options", async () => {
  const servers = await echoes(3);
  registry.list(
    "balanced",
    servers.map(({ address }) => address),
  );
  const counts = await tally(clientOf("balanced"), 600, 12);
  assert.deepEqual([...counts.keys()].sort(), servers.map(({ address }) => address).sort());
  for (const [address, count] of counts) assert.ok(count > 60, `${address} got ${count} of 600 calls`);
});

test("a service key need not be a host name", async () => {
  const [server] = await echoes(1);
  for (const key of [
    "order.2",
    "prod/payment.v1.0x2",
    "order rpc",
    "a.b:1",
    "10.0.0",
    "-",
    "order_rpc",
    "Bestellung/ä",
  ]) {
    registry.list(key, [server!.address]);
    assert.equal((await say(clientOf(key), {}, { deadline: Date.now() + 20_000 })).instance, server!.address, key);
  }
});

test("an application's own service config wins, and its method configs are kept beside the policy", async () => {
  const servers = await echoes(2);
  registry.list(
    "own",
    servers.map(({ address }) => address),
  );
  const pickFirst = clientOf("own", {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ pick_first: {} }] }),
  });
  assert.equal((await tally(pickFirst, 20)).size, 1);
  const timed = clientOf("own", {
    "grpc.service_config": JSON.stringify({ methodConfig: [{ name: [{ service: "test.Echo" }], timeout: "1s" }] }),
  });
  assert.equal((await tally(timed, 60, 8)).size, 2);
  await assert.rejects(say(timed, { delayMs: 15_000 }), { code: grpc.status.DEADLINE_EXCEEDED });
});

test("a channel that went idle comes back", async () => {
  const servers = await echoes(2);
  registry.list(
    "idle",
    servers.map(({ address }) => address),
  );
  const client = clientOf("idle", { "grpc.client_idle_timeout_ms": 1_000 });
  await say(client);
  const channel = client.getChannel();
  await until(() => channel.getConnectivityState(false) === grpc.connectivityState.IDLE, "the channel is idle");
  assert.equal((await tally(client, 40, 8)).size, 2);
});
