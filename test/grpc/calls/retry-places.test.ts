import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { withHashKey } from "../../../src/grpc/hash-key.js";
import { say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import {
  bareClientOf,
  clientOf,
  closeAll,
  connected,
  hangs,
  type Instance,
  instances,
  unavailable,
} from "./told-instances.js";

after(closeAll);

/** So many calls would not all have found the one instance by chance. */
const CALLS = 60;

test("no retry of Retry goes to an instance that the call has tried while others are ready", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, { Retry: { MaxAttempts: 4, InitialBackoff: 1, MaxBackoff: 2 } });
  await connected(client, servers);
  const [good, ...bad] = servers;
  for (const one of bad) one.handler = unavailable;
  // Three of four fail: only a call that never comes back to one of them is sure to find the fourth within four attempts.
  for (let i = 0; i < CALLS; i++) assert.equal((await say(client)).instance, good!.address);
});

test("no retry of grpc-js' own retryPolicy does, in a client that has only a URL and a service config", async () => {
  const servers = await instances(4);
  const client = bareClientOf(servers, {
    retryPolicy: {
      maxAttempts: 4,
      initialBackoff: "0.001s",
      maxBackoff: "0.002s",
      backoffMultiplier: 1,
      retryableStatusCodes: ["UNAVAILABLE"],
    },
  });
  await connected(client, servers);
  const [good, ...bad] = servers;
  for (const one of bad) one.handler = unavailable;
  for (let i = 0; i < CALLS; i++) assert.equal((await say(client)).instance, good!.address);
});

test("no hedge of grpc-js' own hedgingPolicy does either", async () => {
  const servers = await instances(3);
  const client = bareClientOf(servers, { hedgingPolicy: { maxAttempts: 3, hedgingDelay: "0.005s" } });
  await connected(client, servers);
  for (const one of servers.slice(1)) one.handler = hangs;
  for (let i = 0; i < CALLS; i++) {
    assert.equal((await say(client, {}, { deadline: Date.now() + 20_000 })).instance, servers[0]!.address);
  }
});

test("nor does a retry come back because the method mostly fails at the only other instance", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Retry: { MaxAttempts: 2, InitialBackoff: 1, MaxBackoff: 2 } });
  await connected(client, servers);
  const [first, second] = servers as [Instance, Instance];
  second.handler = (_call, callback) =>
    void setTimeout(() => callback({ code: grpc.status.INTERNAL, details: "broken" }), 20);
  await until(async () => {
    await Promise.allSettled(Array.from({ length: 50 }, () => say(client)));
    return second.calls > 10;
  }, "the method fails there so often that it is avoided");
  const attempts = new Map<string, number>();
  first.handler = (call, callback) => {
    const text = call.request.text!;
    attempts.set(text, (attempts.get(text) ?? 0) + 1);
    unavailable(call, callback);
  };
  for (let i = 0; i < CALLS; i++) await assert.rejects(say(client, { text: `${i}` }));
  assert.equal(Math.max(...attempts.values()), 1, "attempts of one call at one instance");
});

test("with consistent_hash and BoundedLoad neither, though the others have as many calls as they may", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, {
    BalancerName: "consistent_hash",
    HashKey: { BoundedLoad: 1.25 },
    Retry: { MaxAttempts: 2, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  const keyOf = new Map<Instance, string>();
  await until(async () => {
    for (let i = 0; i < 20; i++) {
      const { instance } = await withHashKey(`user-${i}`, () => say(client));
      keyOf.set(servers.find(({ address }) => address === instance)!, `user-${i}`);
    }
    return keyOf.size === 2;
  }, "each has keys");
  const [failing, busy] = servers as [Instance, Instance];
  const held: (() => void)[] = [];
  busy.handler = (call, callback) => {
    const answer = () => callback(null, { instance: busy.address });
    if (call.request.text === "hold") held.push(answer);
    else answer();
  };
  // As many as BoundedLoad allows it beside one that is idle.
  const hold = () => withHashKey(keyOf.get(busy)!, () => say(client, { text: "hold" }));
  const holding = [hold(), hold()];
  await until(() => held.length === 2, "it is busy");
  failing.calls = 0;
  failing.handler = unavailable;
  const { instance } = await withHashKey(keyOf.get(failing)!, () => say(client));
  assert.deepEqual([instance, failing.calls], [busy.address, 1]);
  for (const answer of held) answer();
  await Promise.all(holding);
});

test("where an instance is the only one, its calls are retried there", async () => {
  const [only] = await instances(1);
  const client = clientOf([only!], { Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 } });
  await connected(client, [only!]);
  only!.handler = (call, callback) =>
    only!.calls % 3 === 0 ? callback(null, { instance: "third attempt" }) : unavailable(call, callback);
  assert.equal((await say(client)).instance, "third attempt");
});
