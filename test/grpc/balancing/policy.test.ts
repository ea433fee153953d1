import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import "../../../src/register.js";
import { ServerHealth } from "../../../src/grpc/server/health-service.js";
import { setLogger } from "../../../src/log.js";
import { EchoClient, say, startBareEcho, tally } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { until } from "../../support/until.js";

const registry = new FixtureRegistry();
const open: { close(): void }[] = [];
after(() => {
  for (const one of open) one.close();
});

async function echoes(n: number) {
  const servers = await Promise.all(Array.from({ length: n }, () => startBareEcho()));
  for (const server of servers) open.push({ close: server.stop });
  return servers;
}

function clientOf(service: string, options?: grpc.ClientOptions): EchoClient {
  const client = new EchoClient(registry.target(service), grpc.credentials.createInsecure(), options);
  open.push(client);
  return client;
}

const connectionsOf = ({ server }: { server: grpc.Server }) =>
  new Promise<number>((resolve, reject) => {
    const [http2] = (
      server as unknown as { http2Servers: Map<import("node:net").Server, unknown> }
    ).http2Servers.keys();
    http2!.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

/** Stops a server as a deploy does; resolves when its last stream has ended. */
const stopped = ({ server }: { server: grpc.Server }) =>
  new Promise<void>((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve())));

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
    assert.match(
      error.details,
      /no instance of "nobody" is listed in fixture registry\.test:1 \(last answer \d+\.\d s ago\)/,
    );
    return true;
  });
});

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
  assert.equal((await tally(client, 60, 12)).size, 3);
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

/** What is logged as a warning of this service from now on. */
function warningsOf(service: string): readonly string[] {
  const warnings: string[] = [];
  const silent = () => {};
  const warn = (facts: object, message: string) => {
    if ("service" in facts && facts.service === service) warnings.push(message);
  };
  setLogger({ debug: silent, info: silent, error: silent, warn });
  return warnings;
}

test("a registry that suddenly lists nobody is doubted while instances are connected, loudly", async () => {
  const warnings = warningsOf("doubt");
  const servers = await echoes(2);
  const addresses = servers.map(({ address }) => address);
  registry.list("doubt", addresses);
  const client = clientOf("doubt");
  await until(async () => (await tally(client, 10, 5)).size === 2, "both are used");
  registry.list("doubt", []);
  await until(() => warnings.length > 0, "the doubt is logged");
  assert.equal((await tally(client, 40, 8)).size, 2, "both stay in use");
  assert.match(warnings[0]!, /suddenly lists no instance of "doubt", but 2 are connected/);

  servers[0]!.stop();
  await until(async () => (await say(client).catch(() => undefined)) !== undefined, "calls go on");
  assert.deepEqual([...(await tally(client, 20)).keys()], [addresses[1]], "one that stops is dropped");

  const [fresh] = await echoes(1);
  registry.list("doubt", [fresh!.address]);
  await until(async () => (await tally(client, 20)).get(addresses[1]!) === undefined, "those that register take over");
  assert.equal(warnings.length, 1, "one line for one change of state");
});

test("a registry that loses everybody one after the other is doubted as well, for all of them, in one line", async () => {
  const warnings = warningsOf("stepwise");
  const servers = await echoes(4);
  const addresses = servers.map(({ address }) => address);
  registry.list("stepwise", addresses);
  const client = clientOf("stepwise");
  await until(async () => (await tally(client, 20, 5)).size === 4, "all are used");
  for (const left of [3, 2, 1]) {
    registry.list("stepwise", addresses.slice(-left));
    await until(async () => (await tally(client, 20, 5)).size === left, `the ${left} that are listed are used alone`);
  }
  await stopped(servers[0]!);
  registry.list("stepwise", []);
  await until(async () => (await tally(client, 20, 5)).size === 3, "all that live are used again");
  assert.equal((await tally(client, 40, 5)).get(addresses[0]!), undefined, "the one that has stopped is not");
  assert.deepEqual(warnings.length, 1, "one line for one change of state");
  assert.match(warnings[0]!, /suddenly lists no instance of "stepwise", but 3 are connected/);

  const [fresh] = await echoes(1);
  registry.list("stepwise", [addresses[1]!, fresh!.address]);
  const listed = [addresses[1], fresh!.address].sort().join();
  await until(
    async () => [...(await tally(client, 20, 5)).keys()].sort().join() === listed,
    "those that register take over",
  );
});

test("an instance in doubt that is silent gets no calls until it answers again, and is dropped when it does not", async () => {
  const [stalled, living] = await echoes(2);
  const proxy = new SilentProxy(Number(stalled!.address.split(":")[1]));
  await proxy.start();
  open.push({ close: () => void proxy.stop() });
  const warnings: string[] = [];
  const quiet = () => {};
  setLogger({ debug: quiet, info: quiet, error: quiet, warn: (_facts, message) => warnings.push(message) });
  registry.list("stalled", [`127.0.0.1:${proxy.port}`, living!.address]);
  const client = clientOf("stalled");
  await until(async () => (await tally(client, 10, 5)).size === 2, "both are used");
  proxy.silence(); // connections that are made from now on work
  registry.list("stalled", []);
  await until(
    () => warnings.some((line) => /no answer to a probe/.test(line)),
    "without a call it is asked and found silent",
  );
  await until(async () => (await tally(client, 20, 5)).size === 2, "it answers again");
  assert.equal(proxy.accepted, 2);
  await proxy.stop();
  const used = () => tally(client, 20, 5).catch(() => undefined); // a call may just be under way to it
  await until(async () => (await used())?.size === 1, "now it has really stopped");
  await proxy.start();
  assert.deepEqual([...(await tally(client, 40, 5)).keys()], [living!.address]);
  assert.equal(proxy.accepted, 2, "nobody lists it, so nobody dials it");
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

test("instances that cannot be reached fail calls with the reason, and are used when they come up", async () => {
  const probe = await startBareEcho();
  probe.stop();
  registry.list("down", [probe.address]);
  const client = clientOf("down");
  await assert.rejects(say(client, {}, { deadline: Date.now() + 5_000 }), (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.UNAVAILABLE);
    assert.match(error.details, /none of the 1 instance\(s\) of "down".*can take a call; last error: .*ECONNREFUSED/s);
    return true;
  });
  const [server] = await echoes(1);
  registry.list("down", [probe.address, server!.address]);
  await until(
    async () => (await say(client).catch(() => undefined))?.instance === server!.address,
    "the live one is used",
  );
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
