import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { say, startBareEcho } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, echoes, registry } from "./bare-echoes.js";

test("a call made before any instance is listed succeeds as soon as one is", async () => {
  const [server] = await echoes(1);
  const client = clientOf("later");
  const waiting = say(client, {}, { deadline: Date.now() + 20_000 });
  await until(
    () => client.getChannel().getConnectivityState(false) === grpc.connectivityState.CONNECTING,
    "the call waits",
  );
  registry.list("later", [server!.address]);
  assert.equal((await waiting).instance, server!.address);
});

test("calls that wait for the first connection are spread over all instances", async () => {
  const servers = await echoes(4);
  const client = clientOf("burst");
  const waiting = Array.from({ length: 40 }, () => say(client, {}, { deadline: Date.now() + 20_000 }));
  registry.list(
    "burst",
    servers.map(({ address }) => address),
  );
  const counts = new Map<string, number>();
  for (const { instance } of await Promise.all(waiting)) counts.set(instance, (counts.get(instance) ?? 0) + 1);
  assert.ok(Math.max(...counts.values()) <= 20, `no instance gets more than half: ${[...counts.values()]}`);
});

test("a call that waits in vain is told the key, the registry and how old its answer is", async () => {
  const client = clientOf("nobody");
  await assert.rejects(say(client, {}, { deadline: Date.now() + 200 }), (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    assert.match(error.details, /no instance of "nobody" is listed in fixture registry\.test:1;/);
    return true;
  });
});

test("instances that cannot be reached fail calls with the reason, and are used when they come up", async () => {
  const probe = await startBareEcho();
  probe.stop();
  registry.list("down", [probe.address]);
  const client = clientOf("down");
  await assert.rejects(say(client, {}, { deadline: Date.now() + 5_000 }), (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.UNAVAILABLE);
    assert.match(error.details, /none of the instances of "down".*can take a call; last error: .*ECONNREFUSED/s);
    assert.doesNotMatch(error.details, /No connection established|Error:|Resolution note/);
    return true;
  });
  const [server] = await echoes(1);
  registry.list("down", [probe.address, server!.address]);
  await until(
    async () => (await say(client).catch(() => undefined))?.instance === server!.address,
    "the live one is used",
  );
});
