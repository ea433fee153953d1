import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say, tally } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { until } from "../../support/until.js";

const registry = new FixtureRegistry();

/** An echo server whose slowness and health a test sets. */
async function instance(t: TestContext) {
  const state = { address: "", delayMs: 2, failing: false };
  const server = new grpc.Server();
  const { say: answer } = echoHandlers(() => state.address) as { say: grpc.handleUnaryCall<object, unknown> };
  server.addService(EchoService, {
    ...echoHandlers(() => state.address),
    say: (call: grpc.ServerUnaryCall<object, unknown>, callback: grpc.sendUnaryData<unknown>) => {
      call.request = { delayMs: state.delayMs, ...(state.failing && { code: grpc.status.UNAVAILABLE }) };
      answer(call, callback);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  state.address = `127.0.0.1:${port}`;
  t.after(() => server.forceShutdown());
  return state;
}

/** Two instances in each of three zones, and the share of calls that stay in zone a. */
async function setUp(t: TestContext, service: string, facts: (zone: string) => object = (zone) => ({ zone })) {
  const zones = ["a", "a", "b", "b", "c", "c"];
  const instances = await Promise.all(zones.map(() => instance(t)));
  registry.list(
    service,
    instances.map(({ address }, at) => ({ address, ...facts(zones[at]!) })),
  );
  const near = instances.filter((_, at) => zones[at] === "a");
  const share = async (client: EchoClient, calls = 600, atATime = 4) => {
    const counts = await tally(client, calls, atATime);
    return near.reduce((sum, { address }) => sum + (counts.get(address) ?? 0), 0) / calls;
  };
  /** The first calls go to who is connected by then, so they do not count. */
  const connected = async (client: EchoClient) => {
    await tally(client, 200, 4);
    return client;
  };
  return { near, share, connected, instances };
}

function yamlClient(t: TestContext, service: string, Zone?: string): EchoClient {
  const client = createClient(EchoClient, { Target: registry.target(service), Zone });
  t.after(() => client.close());
  return client;
}

/** The zone in the service config of a bare grpc-js client. */
function bareClient(t: TestContext, service: string, zone: string): EchoClient {
  const config = { loadBalancingConfig: [{ p2c_ewma: { zone } }] };
  const client = new EchoClient(registry.target(service), grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify(config),
  });
  t.after(() => client.close());
  return client;
}

test("with a zone most calls stay there while it is not overloaded; without one they are spread", async (t) => {
  const { share, connected } = await setUp(t, "zoned");
  for (const [what, client, atATime, least, most] of [
    ["Zone: a", yamlClient(t, "zoned", "a"), 4, 0.65, 1],
    ['{ p2c_ewma: { zone: "a" } }', bareClient(t, "zoned", "a"), 4, 0.65, 1],
    // So many in flight that chance latencies of a busy machine do not decide.
    ["no Zone", yamlClient(t, "zoned"), 24, 0.15, 0.6],
    ["a Zone without instances", yamlClient(t, "zoned", "z"), 24, 0.15, 0.6],
  ] as const) {
    const stayed = await share(await connected(client), 600, atATime);
    t.diagnostic(
      `${what}: ${(100 * stayed).toFixed(0)} % of the calls in the zone that holds a third of the instances`,
    );
    assert.ok(stayed >= least && stayed <= most, `${what}: ${stayed}`);
  }
});

test("a zone that has more calls than it can take, gets slow or fails hands calls to the others", async (t) => {
  const { share, connected, near } = await setUp(t, "spilling");
  const client = await connected(yamlClient(t, "spilling", "a"));
  const calm = await share(client, 600, 2);
  const crowded = await share(client, 1_200, 60);
  // Slower by far than a busy machine makes any of them.
  for (const one of near) one.delayMs = 400;
  const slow = await share(client, 300, 4);
  for (const one of near) one.delayMs = 2;
  let calls = 0;
  const isBack = async () => {
    calls += 100;
    return (await share(client, 100, 2)) > 0.6;
  };
  await until(isBack, "the zone is used again", 60_000);
  for (const one of near) one.failing = true;
  let failed = 0;
  for (let i = 0; i < 400; i++) await say(client).catch(() => (failed += 1));
  const percent = (part: number) => `${(100 * part).toFixed(0)} %`;
  t.diagnostic(
    `in the own zone: ${percent(calm)} of calls when calm, ${percent(crowded)} when crowded, ${percent(slow)} when slow, ` +
      `back after ${calls} calls; ${failed} of 400 calls failed when the zone did`,
  );
  assert.ok(calm > 0.65, `${calm} when calm`);
  assert.ok(crowded < calm, `${crowded} when crowded`);
  assert.ok(slow < 0.35, `${slow} when slow`);
  assert.ok(failed < 60, `${failed} calls failed`);
});

test("Kubernetes' hints say who is near, where every instance has them", async (t) => {
  const hints = (zone: string) => ({ zone: "x", metadata: { "k8s.hints.zones": zone === "a" ? "x,y" : "w" } });
  const { share, connected } = await setUp(t, "hinted", hints);
  const stayed = await share(await connected(yamlClient(t, "hinted", "x")));
  assert.ok(stayed > 0.65, `${stayed} of the calls`);
});

test("a zone that is learned later, or changes, counts from then on", async (t) => {
  const { share, connected, instances } = await setUp(t, "moving", () => ({}));
  const client = await connected(yamlClient(t, "moving", "a"));
  const before = await share(client, 600, 24);
  registry.list(
    "moving",
    instances.map(({ address }, at) => ({ address, zone: at < 2 ? "a" : "b" })),
  );
  const after = await share(client);
  assert.ok(before < 0.6 && after > before, `${before}, then ${after}`);
});
