import assert from "node:assert/strict";
import { after, test } from "node:test";
import { say } from "../../support/echo.js";
import { bareClientOf, clientOf, closeAll, connected, hangs, instances, unavailable } from "./told-instances.js";

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

test("where an instance is the only one, its calls are retried there", async () => {
  const [only] = await instances(1);
  const client = clientOf([only!], { Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 } });
  await connected(client, [only!]);
  only!.handler = (call, callback) =>
    only!.calls % 3 === 0 ? callback(null, { instance: "third attempt" }) : unavailable(call, callback);
  assert.equal((await say(client)).instance, "third attempt");
});
