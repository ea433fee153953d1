import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerHealth } from "../../../src/grpc/server/health-service.js";
import { say, tally } from "../../support/echo.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { until } from "../../support/until.js";
import { clientOf, connectionsOf, echoes, open, registry, stopped } from "./bare-echoes.js";

test("a join opens one connection and an instance that leaves gets no more calls; other connections are not touched", async () => {
  const servers = await echoes(4);
  const addresses = servers.map(({ address }) => address);
  registry.list("diff", addresses.slice(0, 3));
  const client = clientOf("diff");
  await tally(client, 30);
  const before = await Promise.all(servers.slice(0, 3).map(connectionsOf));
  registry.list("diff", addresses);
  await until(async () => (await say(client)).instance === addresses[3], "the new instance is called");
  registry.list("diff", addresses.slice(1));
  await until(
    async () => (await tally(client, 20)).get(addresses[0]!) === undefined,
    "the removed instance gets no call",
  );
  assert.deepEqual(await Promise.all(servers.slice(0, 3).map(connectionsOf)), before);
  // One that a busy machine has made slow for a moment gets few calls for the next.
  await until(async () => (await tally(client, 60, 12)).size === 3, "all that are listed are called");
});

test("calls in flight on a removed instance finish", async () => {
  const servers = await echoes(2);
  registry.list("finish", [servers[0]!.address]);
  const client = clientOf("finish");
  await say(client);
  const running = say(client, { delayMs: 300 }, { deadline: Date.now() + 20_000 });
  await new Promise(setImmediate);
  registry.list("finish", [servers[1]!.address]);
  await until(async () => (await say(client)).instance === servers[1]!.address, "the new instance has taken over");
  assert.equal((await running).instance, servers[0]!.address);
});

test("an instance that leaves and comes back keeps its connection", async () => {
  const servers = await echoes(2);
  const addresses = servers.map(({ address }) => address);
  const proxy = new SilentProxy(Number(addresses[0]!.split(":")[1]));
  await proxy.start();
  open.push({ close: () => void proxy.stop() });
  const proxied = `127.0.0.1:${proxy.port}`;
  registry.list("back", [proxied, addresses[1]!]);
  const client = clientOf("back");
  await until(async () => (await tally(client, 10, 5)).size === 2, "both are used");
  registry.list("back", [addresses[1]!]);
  await until(async () => (await tally(client, 20, 5)).size === 1, "it has left");
  registry.list("back", [proxied, addresses[1]!]);
  await until(async () => (await tally(client, 20, 5)).size === 2, "it is back");
  assert.equal(proxy.accepted, 1);
  // It is listed, so it is kept up again.
  await proxy.stop();
  await proxy.start();
  await until(() => proxy.accepted === 2, "a connection that is lost is dialled anew");
});

test("an instance that has left can stop gracefully, and close() closes connections that wait", async () => {
  const servers = await echoes(3);
  const addresses = servers.map(({ address }) => address);
  for (const { server } of servers) {
    const health = new ServerHealth();
    health.addTo(server);
    health.set("SERVING");
  }
  registry.list("leaving", addresses);
  const client = clientOf("leaving");
  await until(async () => (await tally(client, 20, 5)).size === 3, "all are used");
  registry.list("leaving", addresses.slice(2));
  await until(async () => (await tally(client, 20, 5)).size === 1, "two have left");
  assert.deepEqual(await Promise.all(servers.map(connectionsOf)), [1, 1, 1]);
  // It waits for its streams, the client's health Watch among them.
  const [stopping, waiting] = servers;
  await stopped(stopping!);
  assert.equal(await connectionsOf(waiting!), 1, "the client has not merely let go of both");
  client.close();
  await until(async () => (await connectionsOf(waiting!)) === 0, "the connection is closed with its client");
});
