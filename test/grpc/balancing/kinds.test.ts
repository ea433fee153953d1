import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { Member } from "../../../src/balancer/p2c/member.js";
import { createClient } from "../../../src/index.js";
import { EchoClient, type EchoReply, EchoService, echoHandlers, say, tally } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { until } from "../../support/until.js";

const registry = new FixtureRegistry();

/** What a caller of Count asks for to have its stream ended by the server with DEADLINE_EXCEEDED, whatever its own deadline is. */
const ENDED_BY_SERVER = 1;
/** ... and to have it never answered. */
const NEVER_ANSWERED = 2;

/** An instance whose Say takes this long and whose Count is a stream that answers once and then waits. */
async function instance(t: TestContext, sayMs = 5) {
  const server = new grpc.Server({ "grpc.max_concurrent_streams": 10_000 });
  const state = { address: "", calls: 0, streams: 0 };
  const handlers = echoHandlers(() => state.address);
  server.addService(EchoService, {
    ...handlers,
    say: (_call: grpc.ServerUnaryCall<object, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) => {
      state.calls += 1;
      setTimeout(() => callback(null, { instance: state.address }), sayMs);
    },
    count: (call: grpc.ServerWritableStream<{ count: number | null }, EchoReply>) => {
      state.streams += 1;
      if (call.request.count !== NEVER_ANSWERED) call.write({ instance: state.address });
      if (call.request.count === ENDED_BY_SERVER) call.emit("error", { code: grpc.status.DEADLINE_EXCEEDED });
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

const clients = {
  "a client of createClient": (target: string) => createClient(EchoClient, { Target: target, Timeout: 60_000 }),
  "a bare grpc-js client": (target: string) => new EchoClient(target, grpc.credentials.createInsecure()),
};

/** Opens idle streams, each of which has answered once. */
async function openStreams(t: TestContext, client: EchoClient, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const stream = client.count({ count: Number.POSITIVE_INFINITY });
      stream.on("error", () => {}); // Cancelled when the test is over.
      t.after(() => stream.cancel());
      await new Promise((resolve) => stream.once("data", resolve));
    }),
  );
}

/** A slow first answer of a method of its own. @returns whose it was. */
async function slowStream(t: TestContext, client: EchoClient): Promise<string> {
  const chat = client.chat();
  chat.on("error", () => {}); // Cancelled when the test is over.
  t.after(() => chat.cancel());
  setTimeout(() => chat.write({}), 150);
  return new Promise((resolve) => chat.once("data", ({ instance }: EchoReply) => resolve(instance)));
}

for (const [who, make] of Object.entries(clients)) {
  for (const count of [1, 10, 1_000]) {
    test(`${who}: beside ${count} idle streams that all are at one instance, calls use it as the others`, async (t) => {
      const service = `idle-${count}-${who.length}`;
      const first = await instance(t);
      registry.list(service, [first.address]);
      const client = make(registry.target(service));
      t.after(() => client.close());
      await openStreams(t, client, count);
      const others = [await instance(t), await instance(t)];
      registry.list(
        service,
        [first, ...others].map(({ address }) => address),
      );
      await untilSeen(client, 3);
      await sharesFairly(client, [first, ...others]);

      // New streams go where there are fewest.
      const before = [first.streams, ...others.map(({ streams }) => streams)];
      await openStreams(t, client, 20);
      const after = [first.streams, ...others.map(({ streams }) => streams)];
      const opened = after.map((streams, i) => streams - before[i]!);
      if (count >= 10) assert.ok(opened[0]! <= 4, `${opened} new streams, ${before} before`);
      assert.ok(Math.abs(opened[1]! - opened[2]!) <= 4, `${opened} new streams, ${before} before`);
    });
  }

  test(`${who}: a slow method says nothing against the instance that happened to serve it`, async (t) => {
    const service = `kinds-${who.length}`;
    const instances = [await instance(t), await instance(t), await instance(t)];
    registry.list(
      service,
      instances.map(({ address }) => address),
    );
    // Several clients that know nothing yet, because on a busy machine any instance may be slow for a while.
    const shares: number[] = [];
    for (let trial = 0; trial < 5; trial++) {
      const client = make(registry.target(service));
      t.after(() => client.close());
      await untilSeen(client, 3);
      const server = await slowStream(t, client);
      shares.push((await tally(client, 300, 3)).get(server) ?? 0);
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    assert.ok(mean > 50, `${shares} of 300 at the one that had served it, where 100 are fair`);
  });
}

test("beside a stream that waits for its first answer, calls use its instance as the others", async (t) => {
  const waits = t.mock.method(Member.prototype, "waits");
  const instances = [await instance(t)];
  registry.list("unanswered", [instances[0]!.address]);
  const client = clients["a client of createClient"](registry.target("unanswered"));
  t.after(() => client.close());
  const stream = client.count({ count: NEVER_ANSWERED });
  stream.on("error", () => {}); // Cancelled when the test is over.
  t.after(() => stream.cancel());
  instances.push(await instance(t), await instance(t));
  registry.list(
    "unanswered",
    instances.map(({ address }) => address),
  );
  await until(() => waits.mock.callCount() === 1, "it has waited for so long that it is no load");
  await untilSeen(client, 3);
  await sharesFairly(client, instances);
});

/**
 * Calls, 6 at a time, until 600 are shared fairly with the first one, where 200 each would be fair: on a busy machine any of them may be
 * slow for a round or two, which is avoided rightly.
 */
async function sharesFairly(client: EchoClient, instances: readonly { calls: number }[]): Promise<void> {
  const rounds: number[][] = [];
  const isFair = ([held, ...free]: number[]) => held! > 120 && free.every((calls) => calls > 100);
  while (rounds.length < 8 && !rounds.some(isFair)) {
    for (const one of instances) one.calls = 0;
    await tally(client, 600, 6);
    rounds.push(instances.map(({ calls }) => calls));
  }
  assert.ok(rounds.some(isFair), `of 600, first at the one with streams: ${rounds.join("; ")}`);
}

/** Calls until so many instances have answered. */
async function untilSeen(client: EchoClient, count: number): Promise<void> {
  const seen = new Set<string>();
  for (let i = 0; i < 5_000 && seen.size < count; i++) seen.add((await say(client)).instance);
  assert.equal(seen.size, count);
}

test("a unary call is no stream to the balancer, between its message and its end neither; one that goes on is", async (t) => {
  const answered = t.mock.method(Member.prototype, "answered");
  const ended = t.mock.method(Member.prototype, "ended");
  const one = await instance(t, 1);
  registry.list("unary", [one.address]);
  const client = createClient(EchoClient, { Target: registry.target("unary") });
  t.after(() => client.close());
  await Promise.all(Array.from({ length: 50 }, () => say(client)));
  assert.equal(answered.mock.callCount(), 0);
  const latencies = ended.mock.calls.map(({ arguments: [ms] }) => ms);
  assert.ok(latencies.length === 50 && latencies.every((ms) => ms! > 0), "each tells its latency at its end");
  await openStreams(t, client, 1);
  await until(() => answered.mock.callCount() === 1, "the stream is known");
});

for (const [who, make] of Object.entries(clients)) {
  test(`${who}: a stream that has answered and lasts to its deadline is no failure of its instance`, async (t) => {
    const ended = t.mock.method(Member.prototype, "ended");
    const one = await instance(t);
    const service = `lasting-${who.length}`;
    registry.list(service, [one.address]);
    const client = make(registry.target(service));
    t.after(() => client.close());
    await say(client);
    // On a busy machine the first answer may take long.
    for (let ms = 200; !(await lasts(client, ms)); ms *= 2) ended.mock.resetCalls();
    const notOk = () => ended.mock.calls.map(({ arguments: [, ok] }) => ok).filter((ok) => ok !== true);
    assert.deepEqual(notOk(), [undefined]);
    assert.ok(await lasts(client, 60_000, ENDED_BY_SERVER));
    assert.deepEqual(notOk(), [undefined, false], "a server that ends it sooner has failed");
  });
}

/** A stream of one answer that ends with DEADLINE_EXCEEDED. @returns whether it was answered. */
function lasts(client: EchoClient, ms: number, count = Number.POSITIVE_INFINITY): Promise<boolean> {
  const stream = client.count({ count }, { deadline: Date.now() + ms });
  let answered = false;
  stream.on("data", () => {
    answered = true;
  });
  return new Promise((resolve, reject) => {
    stream.on("error", ({ code }: grpc.ServiceError) => {
      if (code === grpc.status.DEADLINE_EXCEEDED) resolve(answered);
      else reject(new Error(`ended with ${code}`));
    });
  });
}
