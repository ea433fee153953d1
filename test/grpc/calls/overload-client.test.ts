import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { channelOf, createClient } from "../../../src/index.js";
import { GAUGES } from "../../../src/observe/metrics/gauges.js";
import { HealthCheckResponse_ServingStatus as Status } from "../../../src/proto/health.js";
import {
  EchoClient,
  type EchoReply,
  type EchoRequest,
  EchoService,
  echoHandlers,
  say,
  tally,
} from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { startHealthServer } from "../../support/real-parts/health-server.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

const registry = new FixtureRegistry();

/** An instance that refuses its Say as a full server does while `pushback` is set. */
async function instance(t: TestContext) {
  const state = { address: "", calls: 0, pushback: undefined as string | undefined, code: grpc.status.OK };
  const server = new grpc.Server();
  server.addService(EchoService, {
    ...echoHandlers(() => state.address),
    say: (_call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) => {
      state.calls += 1;
      if (state.code) return callback({ code: state.code, details: "as asked" });
      if (state.pushback === undefined) return callback(null, { instance: state.address });
      const metadata = new grpc.Metadata();
      metadata.set("grpc-retry-pushback-ms", state.pushback);
      callback({ code: grpc.status.RESOURCE_EXHAUSTED, details: "full", metadata });
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

async function fleet(t: TestContext, count: number, service: string) {
  const instances = await Promise.all(Array.from({ length: count }, () => instance(t)));
  registry.list(
    service,
    instances.map(({ address }) => address),
  );
  const client = createClient(EchoClient, { Target: registry.target(service) });
  t.after(() => client.close());
  // Until all have been called.
  for (let i = 0; i < 2_000 && instances.some(({ calls }) => calls === 0); i++) await say(client);
  for (const one of instances) {
    assert.ok(one.calls > 0);
    one.calls = 0;
  }
  return { instances, client };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => grpc.status.OK,
    (error: grpc.ServiceError) => error.code,
  );

/** Calls one at a time, so that the instance gets one and no more; how soon it is its turn is chance. */
function untilCalled(client: EchoClient, instance: { readonly calls: number }): Promise<void> {
  return until(async () => {
    await say(client);
    return instance.calls > 0;
  }, "the full one is called");
}

test("a full instance's call goes elsewhere unseen, and the next calls do not go there", async (t) => {
  const { instances, client } = await fleet(t, 3, "one-full");
  instances[0]!.pushback = "20000";
  for (let i = 0; i < 100; i++) await say(client);
  assert.equal(instances[0]!.calls, 1);
});

test("a bare client with the registry's URL listens as well", async (t) => {
  const { instances } = await fleet(t, 2, "bare-full");
  const client = new EchoClient(registry.target("bare-full"), grpc.credentials.createInsecure());
  t.after(() => client.close());
  instances[0]!.pushback = "20000";
  for (let i = 0; i < 50; i++) await say(client);
  assert.ok(instances[0]!.calls <= 1, `${instances[0]!.calls}`);
});

test("an instance is called again when its time is over, as one that never failed", async (t) => {
  const { instances, client } = await fleet(t, 2, "full-again");
  instances[0]!.pushback = "30";
  await untilCalled(client, instances[0]!);
  instances[0]!.pushback = undefined;
  await new Promise((resolve) => setTimeout(resolve, 40));
  instances[0]!.calls = 0;
  // Several at a time, so that what is in flight decides and not one slow answer on a busy machine.
  await tally(client, 1_000, 10);
  assert.ok(instances[0]!.calls >= 200, `${instances[0]!.calls} of 1,000`);
});

test("when all are full calls fail at once with RESOURCE_EXHAUSTED and reach nobody", async (t) => {
  const { instances, client } = await fleet(t, 3, "all-full");
  for (const one of instances) one.pushback = "20000";
  for (let i = 0; i < 10; i++) await codeOf(say(client));
  const before = instances.reduce((sum, { calls }) => sum + calls, 0);
  for (let i = 0; i < 50; i++) {
    await assert.rejects(say(client), {
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: /all 3 instances of "all-full"/,
    });
  }
  assert.equal(
    instances.reduce((sum, { calls }) => sum + calls, 0),
    before,
  );
});

test("what full servers refuse, and what is not sent because all are full, is counted", async (t) => {
  const counted = (name: string) =>
    [...GAUGES.find((one) => one.name === name)!.read()].find(({ labels }) => labels.service === "counted-full")?.value;
  const { instances, client } = await fleet(t, 2, "counted-full");
  for (const one of instances) one.pushback = "20000";
  for (let i = 0; i < 10; i++) await codeOf(say(client));
  assert.equal(counted("rollcall.client.pushbacks"), 2);
  assert.equal(counted("rollcall.client.calls_unsent"), 9);
});

test("of four that are full at most two are set aside while a fourth is not", async (t) => {
  const { instances, client } = await fleet(t, 4, "most-full");
  for (const one of instances.slice(1)) one.pushback = "20000";
  for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 10 }, () => codeOf(say(client))));
  const called = instances.map(({ calls }) => calls);
  assert.equal(called.filter((calls) => calls <= 10).length, 2, `${called}`);
});

test("full is not broken: it counts neither as a failure nor as a latency, and is told as the reason", async (t) => {
  const { instances, client } = await fleet(t, 3, "not-broken");
  const of = () =>
    channelOf(client)!
      .stats()!
      .instances.find(({ address }) => address === instances[0]!.address)!;
  const before = of();
  instances[0]!.pushback = "20000";
  await untilCalled(client, instances[0]!);
  const after = of();
  assert.equal(instances[0]!.calls, 1);
  assert.deepEqual([after.failures, after.failureRate, after.setAside], [before.failures, 0, "says that it is full"]);
  await say(client);
  const { setAside } = channelOf(client)!.decisions().at(-1)!;
  assert.deepEqual(setAside, [{ instance: instances[0]!.address, why: "says that it is full" }]);
});

test("second attempts have a budget: where nothing succeeds callers soon get the servers' own answer", async (t) => {
  const { instances, client } = await fleet(t, 4, "budget");
  // No time to keep away for, so that nobody is ever set aside.
  for (const one of instances) one.pushback = "0";
  for (let i = 0; i < 100; i++) assert.equal(await codeOf(say(client)), grpc.status.RESOURCE_EXHAUSTED);
  const attempts = instances.reduce((sum, { calls }) => sum + calls, 0);
  assert.ok(attempts > 100 && attempts <= 110, `${attempts} attempts of 100 calls`);
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

test("RESOURCE_EXHAUSTED without pushback is a failure as before, and goes to the caller", async (t) => {
  const { instances, client } = await fleet(t, 2, "exhausted");
  instances[0]!.code = grpc.status.RESOURCE_EXHAUSTED;
  let failed = 0;
  for (let i = 0; i < 200; i++) if ((await codeOf(say(client))) !== grpc.status.OK) failed += 1;
  assert.ok(failed > 0 && failed < 20, `${failed}`);
  assert.equal(instances[0]!.calls, failed);
});

test("a single instance that is full gets no calls until its time is over, and then all", async (t) => {
  const { instances, client } = await fleet(t, 1, "only-one");
  instances[0]!.pushback = "50";
  await codeOf(say(client));
  await assert.rejects(say(client), {
    code: grpc.status.RESOURCE_EXHAUSTED,
    details: /the only instance of "only-one"/,
  });
  assert.equal(instances[0]!.calls, 1);
  instances[0]!.pushback = undefined;
  await until(async () => (await codeOf(say(client))) === grpc.status.OK, "it is called again");
});

test("Middlewares.Breaker: false leaves it to the balancer where calls go", async (t) => {
  const { instances } = await fleet(t, 2, "no-breaker");
  const client = createClient(EchoClient, {
    Target: registry.target("no-breaker"),
    Middlewares: { Breaker: false },
    MaxSetAside: 0,
  });
  t.after(() => client.close());
  instances[0]!.pushback = "20000";
  for (let i = 0; i < 100; i++) await codeOf(say(client));
  assert.ok(instances[0]!.calls > 1, "MaxSetAside: 0 sets nobody aside");
});

test("a server that says not to come again is not tried elsewhere", async (t) => {
  const { instances, client } = await fleet(t, 2, "no-retry");
  for (const one of instances) one.pushback = "-1";
  for (let i = 0; i < 20; i++) assert.equal(await codeOf(say(client)), grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(instances[0]!.calls + instances[1]!.calls, 20);
});

test("a method that fails at one instance is called at the others, and fails nowhere else", async (t) => {
  const { instances, client } = await fleet(t, 2, "breaker");
  instances[0]!.code = grpc.status.INTERNAL;
  let failed = 0;
  for (let i = 0; i < 400; i++) if ((await codeOf(say(client))) !== grpc.status.OK) failed += 1;
  assert.ok(failed < 20, `${failed} of 400 failed`);
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
