import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { ConsistentHash } from "../../../src/balancer/hashing/consistent-hash.js";
import { channelOf, createClient, createServer, type Server, withHashKey } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { until } from "../../support/until.js";

const SERVICE = "hashed.rpc";
const registry = new FixtureRegistry();
const servers: Server[] = [];
const keys = Array.from({ length: 60 }, (_, i) => `user-${i}`);
let failing: string | undefined;

before(async () => {
  for (let i = 0; i < 4; i++) servers.push(await startServer());
});
after(() => Promise.all(servers.map((server) => server.stop())));

async function startServer(): Promise<Server> {
  const server: Server = createServer(
    // Shedding is not the subject, and a busy machine would bring it about.
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 }, CpuThreshold: 0 },
    (builder) => {
      const handlers = echoHandlers(() => server.address!);
      builder.addService(EchoService, {
        ...handlers,
        say(call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) {
          if (failing === server.address) callback({ code: grpc.status.UNAVAILABLE, details: "as asked" });
          else (handlers.say as (...args: unknown[]) => void)(call, callback);
        },
      });
    },
    { signals: false },
  );
  await server.start();
  return server;
}

const addresses = () => servers.map(({ address }) => address!);

function ringOf(members: readonly string[]): ConsistentHash<string> {
  const ring = new ConsistentHash<string>();
  ring.set(members);
  return ring;
}

/** A client that knows all who are listed. */
async function clientOf(service: string, more: object = {}): Promise<EchoClient> {
  const client = createClient(EchoClient, {
    Target: registry.target(service),
    BalancerName: "consistent_hash",
    Timeout: 60_000,
    ...more,
  });
  await inPlace(client, registry.listed(service));
  return client;
}

/** Waits until every key goes to its place among these. On a busy machine a connection may be in doubt for a moment. */
async function inPlace(client: EchoClient, instances: readonly string[]): Promise<void> {
  const wanted = ringOf(instances);
  await until(async () => {
    for (const key of keys) if ((await instanceFor(client, key)) !== wanted.pick(key)) return false;
    return true;
  }, "every key has its place");
}

async function instanceFor(client: EchoClient, key: string): Promise<string> {
  return (await withHashKey(key, () => say(client))).instance;
}

test("keys have their place on the ring; one instance leaving moves its own keys only, and back when it returns", async () => {
  registry.list(SERVICE, addresses());
  const client = await clientOf(SERVICE);
  const [gone, ...others] = addresses();
  const before = ringOf(addresses());
  registry.list(SERVICE, others);
  const after = ringOf(others);
  const mine = keys.find((key) => before.pick(key) === gone)!;
  await until(async () => (await instanceFor(client, mine)) === after.pick(mine), "it is gone");
  for (const key of keys) {
    assert.equal(await instanceFor(client, key), after.pick(key));
    if (before.pick(key) !== gone) assert.equal(after.pick(key), before.pick(key));
  }
  registry.list(SERVICE, addresses());
  await until(async () => (await instanceFor(client, mine)) === gone, "it is back");
  client.close();
});

test("an instance that is NOT_SERVING loses its keys to others, and gets them back", async () => {
  registry.list("paused.rpc", addresses());
  const client = await clientOf("paused.rpc");
  const ring = ringOf(addresses());
  const paused = servers[1]!;
  const key = keys.find((one) => ring.pick(one) === paused.address)!;
  await paused.pause();
  await until(async () => (await instanceFor(client, key)) !== paused.address, "another one has the key");
  await paused.resume();
  await until(async () => (await instanceFor(client, key)) === paused.address, "it has its key again");
  client.close();
});

test("a retry goes to the next instance on the ring", async () => {
  registry.list("retried.rpc", addresses());
  const client = await clientOf("retried.rpc", { Retry: {} });
  const ring = ringOf(addresses());
  const key = keys[0]!;
  const first = ring.pick(key)!;
  failing = first;
  assert.equal(
    await instanceFor(client, key),
    ring.pick(key, (one) => one !== first),
  );
  failing = undefined;
  client.close();
});

test("calls in flight are told of the instance that has them, and are gone when they end", async () => {
  registry.list("in-flight.rpc", addresses());
  const client = await clientOf("in-flight.rpc");
  const inFlight = () =>
    channelOf(client)!
      .stats()!
      .instances.filter((one) => one.inFlight > 0);
  const calls = Array.from({ length: 3 }, () => withHashKey("one key", () => say(client, { delayMs: 300 })));
  await until(() => inFlight().length > 0, "they are under way");
  const there = inFlight().map(({ address, inFlight: count }) => [address, count]);
  assert.deepEqual(there, [[ringOf(addresses()).pick("one key"), 3]]);
  assert.equal(channelOf(client)!.stats()!.policy, "consistent_hash");
  await Promise.all(calls);
  await until(() => inFlight().length === 0, "they have ended");
  client.close();
});

test("a bound passes on what is above an instance's share, and nothing while it is not reached", async () => {
  registry.list("bounded.rpc", addresses());
  const client = await clientOf("bounded.rpc", { HashKey: { BoundedLoad: 1.5 } });
  const calls = Array.from({ length: 40 }, () =>
    withHashKey("one key", () => say(client, { delayMs: 200 })).then(({ instance }) => instance),
  );
  const counts = new Map<string, number>();
  for (const instance of await Promise.all(calls)) counts.set(instance, (counts.get(instance) ?? 0) + 1);
  assert.ok(counts.size >= 3, JSON.stringify([...counts]));
  assert.ok(Math.max(...counts.values()) <= 16, JSON.stringify([...counts]));
  assert.equal(await instanceFor(client, "one key"), ringOf(addresses()).pick("one key"));
  client.close();
});

test("a client of grpc-js alone names the metadata in its service config; without a key it is INVALID_ARGUMENT", async () => {
  registry.list("bare.rpc", addresses());
  const loadBalancingConfig = [{ consistent_hash: { requestHashHeader: "X-User-Id" } }];
  const client = new EchoClient(registry.target("bare.rpc"), grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig }),
  });
  const ring = ringOf(addresses());
  const answer = (key: string): Promise<string> => {
    const metadata = new grpc.Metadata();
    metadata.set("x-user-id", key);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        EchoService.say.path,
        EchoService.say.requestSerialize,
        EchoService.say.responseDeserialize,
        {},
        metadata,
        (error, reply) => (error ? reject(error) : resolve(reply!.instance)),
      );
    });
  };
  await until(async () => {
    for (const key of keys) if ((await answer(key)) !== ring.pick(key)) return false;
    return true;
  }, "every key has its place");
  await assert.rejects(say(client), { code: grpc.status.INVALID_ARGUMENT, details: /the metadata x-user-id/ });
  const nameless = new EchoClient(registry.target("bare.rpc"), grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ consistent_hash: {} }] }),
  });
  await assert.rejects(say(nameless), { code: grpc.status.INVALID_ARGUMENT, details: /requestHashHeader/ });
  nameless.close();
  const stream = client.count({});
  const error = await new Promise<grpc.ServiceError>((resolve) => stream.once("error", resolve as (e: Error) => void));
  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  client.close();
});

test("a call that waits in vain is told the key and the registry, and one that waits is made when an instance is listed", async () => {
  const policies = [
    [{ consistent_hash: { requestHashHeader: "x-user-id" } }],
    [{ not_known: {} }, { consistent_hash: {} }],
    [{ not_known: {} }, { p2c_ewma: {} }],
  ];
  for (const [i, loadBalancingConfig] of policies.entries()) {
    const service = `waiting-${i}.rpc`;
    const client = createClient(
      EchoClient,
      { Target: registry.target(service) },
      { channelOptions: { "grpc.service_config": JSON.stringify({ loadBalancingConfig }) } },
    );
    await assert.rejects(
      withHashKey("user-1", () => say(client, {}, { deadline: Date.now() + 200 })),
      { code: grpc.status.DEADLINE_EXCEEDED, details: /no instance of "waiting-\d\.rpc" is listed in fixture/ },
      JSON.stringify(loadBalancingConfig),
    );
    const waiting = withHashKey("user-1", () => say(client, {}, { deadline: Date.now() + 20_000 }));
    registry.list(service, addresses());
    await waiting;
    client.close();
  }
});

test("a registry that suddenly lists nobody takes no key from an instance that is connected", async () => {
  registry.list("emptied.rpc", addresses());
  const client = await clientOf("emptied.rpc");
  registry.list("emptied.rpc", []);
  await new Promise(setImmediate);
  await inPlace(client, addresses());
  client.close();
});

test("a key's instance that nobody has called for a while keeps the key", async (t) => {
  registry.list("quiet.rpc", addresses());
  const client = await clientOf("quiet.rpc");
  const ring = ringOf(addresses());
  const [quiet, called] = addresses();
  const keyOf = (instance: string) => keys.find((key) => ring.pick(key) === instance)!;
  const trueNow = performance.now.bind(performance);
  t.mock.method(performance, "now", () => trueNow() + 15_000);
  assert.equal(await instanceFor(client, keyOf(called!)), called);
  assert.equal(await instanceFor(client, keyOf(quiet!)), quiet);
  client.close();
});

test("a stream that was answered and lasts to its deadline is no failure", async () => {
  registry.list("lasting.rpc", addresses());
  const client = await clientOf("lasting.rpc");
  let answered = false;
  // On a busy machine the first answer may take long.
  for (let ms = 200; !answered; ms *= 2) {
    const { failures } = channelOf(client)!.stats()!.totals;
    const stream = withHashKey("any", () => client.chat({ deadline: Date.now() + ms }));
    stream.on("data", () => {
      answered = true;
    });
    stream.write({});
    const [error] = await once(stream, "error");
    assert.equal((error as grpc.ServiceError).code, grpc.status.DEADLINE_EXCEEDED);
    if (answered) assert.equal(channelOf(client)!.stats()!.totals.failures, failures);
  }
  client.close();
});

test("its calls are counted, as those of the other policy are", async () => {
  registry.list("counted.rpc", addresses());
  const client = await clientOf("counted.rpc");
  const { totals } = channelOf(client)!.stats()!;
  await instanceFor(client, keys[0]!);
  await assert.rejects(withHashKey(keys[0]!, () => say(client, { code: grpc.status.INTERNAL })));
  const stats = channelOf(client)!.stats()!;
  assert.deepEqual(stats.totals, { calls: totals.calls + 2, failures: totals.failures + 1 });
  assert.equal(
    stats.instances.reduce((sum, { calls }) => sum + calls, 0),
    stats.totals.calls,
  );
  client.close();
});
