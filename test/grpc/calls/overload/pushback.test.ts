import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { channelOf } from "../../../../src/index.js";
import { GAUGES } from "../../../../src/observe/metrics/gauges.js";
import { EchoClient, say, tally } from "../../../support/echo.js";
import { until } from "../../../support/until.js";
import { callUntilReached, codeOf, fleet, registry } from "./instances.js";

/** The instance refuses a call, of which its caller notices nothing. */
async function callUnseen(client: EchoClient, instance: { readonly calls: number }): Promise<void> {
  for (const code of await callUntilReached(client, instance)) assert.equal(code, grpc.status.OK);
}

test("a full instance's call goes elsewhere unseen, and the next calls do not go there", async (t) => {
  const { instances, client } = await fleet(t, 3, "one-full");
  instances[0]!.pushback = "20000";
  await callUnseen(client, instances[0]!);
  for (let i = 0; i < 100; i++) await say(client);
  assert.equal(instances[0]!.calls, 1);
});

test("a full instance that has sent headers first is called no more either; its call cannot be made elsewhere", async (t) => {
  const { instances, client } = await fleet(t, 2, "headers-first");
  instances[0]!.pushback = "20000";
  instances[0]!.headers = true;
  const codes = await callUntilReached(client, instances[0]!);
  for (let i = 0; i < 200; i++) codes.push(await codeOf(say(client)));
  assert.deepEqual([instances[0]!.calls, codes.filter((code) => code !== grpc.status.OK).length], [1, 1]);
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
  await callUnseen(client, instances[0]!);
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
      details: /^all instances of "all-full"/,
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

test("of four of which three are full two are set aside, and most calls go to the one that has room", async (t) => {
  const { instances, client } = await fleet(t, 4, "most-full");
  for (const one of instances.slice(1)) one.pushback = "20000";
  let answered = 0;
  for (let i = 0; i < 40; i++) {
    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(say(client))));
    answered += codes.filter((code) => code === grpc.status.OK).length;
  }
  const called = instances.map(({ calls }) => calls);
  assert.ok(answered > 300, `${answered} of 400 answered: ${called}`);
  const aside = channelOf(client)!
    .stats()!
    .instances.filter(({ setAside }) => setAside !== undefined);
  assert.equal(aside.length, 2);
});

test("full is not broken: it counts neither as a failure nor as a latency, and is told as the reason", async (t) => {
  const { instances, client } = await fleet(t, 3, "not-broken");
  const of = () =>
    channelOf(client)!
      .stats()!
      .instances.find(({ address }) => address === instances[0]!.address)!;
  const before = of();
  instances[0]!.pushback = "20000";
  await callUnseen(client, instances[0]!);
  const after = of();
  assert.equal(instances[0]!.calls, 1);
  assert.deepEqual([after.failures, after.failureRate, after.setAside], [before.failures, 0, "says that it is full"]);
  await say(client);
  const { setAside } = channelOf(client)!.decisions().at(-1)!;
  assert.deepEqual(setAside, [{ instance: instances[0]!.address, why: "says that it is full" }]);
});

test("a single instance that is full gets no calls until its time is over, and then all", async (t) => {
  const { instances, client } = await fleet(t, 1, "only-one");
  instances[0]!.pushback = "50";
  await codeOf(say(client));
  await assert.rejects(say(client), {
    code: grpc.status.RESOURCE_EXHAUSTED,
    details: /^all instances of "only-one"/,
  });
  assert.equal(instances[0]!.calls, 1);
  instances[0]!.pushback = undefined;
  await until(async () => (await codeOf(say(client))) === grpc.status.OK, "it is called again");
});

test("an instance that refuses without a time to come again does not draw the calls of one that works", async (t) => {
  for (const pushback of ["-1", "0"]) {
    const { instances, client } = await fleet(t, 2, `timeless${pushback}`);
    instances[0]!.pushback = pushback;
    instances[1]!.waits = () => new Promise((resolve) => setTimeout(resolve, 20));
    const codes: grpc.status[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 30; i++) codes.push(await codeOf(say(client)));
      }),
    );
    const answered = codes.filter((code) => code === grpc.status.OK).length;
    assert.ok(answered > 200, `${answered} of 300 were answered, pushback ${pushback}`);
  }
});

test("a call that is refused after its client was closed ends as it would have", async (t) => {
  const { instances, client } = await fleet(t, 2, "closed-meanwhile");
  instances[0]!.pushback = "20000";
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  for (const one of instances) one.waits = () => released;
  const calls = Promise.all(
    Array.from({ length: 20 }, () => codeOf(say(client, {}, { deadline: Date.now() + 60_000 }))),
  );
  await until(() => instances.reduce((sum, one) => sum + one.calls, 0) === 20, "all are under way");
  assert.ok(instances[0]!.calls > 0);
  client.close();
  release();
  assert.ok(!(await calls).includes(grpc.status.DEADLINE_EXCEEDED));
});
