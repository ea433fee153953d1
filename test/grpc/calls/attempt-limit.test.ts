import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { withHashKey } from "../../../src/grpc/hash-key.js";
import { say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, closeAll, connected, type Instance, instances, unavailable, warm } from "./told-instances.js";

after(closeAll);

/**
 * Makes all calls fail, not at once. @returns how many with the text "counted" came to each: second copies of earlier calls may
 * come late.
 */
function failLate(servers: readonly Instance[]): number[] {
  const counts = servers.map(() => 0);
  for (const [i, one] of servers.entries()) {
    one.handler = (call, callback) => {
      if (call.request.text === "counted") counts[i]! += 1;
      setTimeout(() => unavailable(call, callback), 20);
    };
  }
  return counts;
}

test("with Hedge and Retry a call makes no more attempts in all than MaxAttempts", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, {
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  await connected(client, servers);
  await warm(client);
  const counts = failLate(servers);
  for (let i = 1; i <= 20; i++) {
    await assert.rejects(say(client, { text: "counted" }), { code: grpc.status.UNAVAILABLE });
    const attempts = counts.reduce((sum, count) => sum + count);
    assert.ok(attempts <= 3 * i, `${attempts} attempts of ${i} calls`);
  }
});

test("so it is where the credentials of an attempt take their time", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, {
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 2, InitialBackoff: 1, MaxBackoff: 1 },
    Timeout: 20_000,
  });
  await connected(client, servers);
  let attempts = 0;
  // So slow that a second copy is due after the retry, which waits for its credentials.
  for (const one of servers) {
    one.handler = (call, callback) => {
      if (call.request.text !== "counted") return void setTimeout(() => callback(null, { instance: one.address }), 20);
      attempts += 1;
      unavailable(call, callback);
    };
  }
  await warm(client, 100);
  let asked = 0;
  const credentials = grpc.credentials.createFromMetadataGenerator((_call, done) => {
    asked += 1;
    setTimeout(() => done(null, new grpc.Metadata()), asked === 1 ? 0 : 200);
  });
  await assert.rejects(say(client, { text: "counted" }, { credentials }), { code: grpc.status.UNAVAILABLE });
  assert.equal(attempts, 2);
});

test("where both copies of a call fail, its caller is told why, and not that no attempt is left", async () => {
  const servers = await instances(3);
  const client = clientOf(servers, {
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 2, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  await connected(client, servers);
  await warm(client);
  let attempts = 0;
  for (const one of servers) {
    one.handler = (call, callback) => {
      if (call.request.text !== "fail") return callback(null, { instance: one.address });
      attempts += 1;
      // The second copy fails first, so that a retry of the first one finds no attempt left.
      setTimeout(() => unavailable(call, callback), attempts === 1 ? 200 : 20);
    };
  }
  await until(async () => {
    attempts = 0;
    const call = say(client, { text: "fail" });
    await assert.rejects(call, { code: grpc.status.UNAVAILABLE, details: "not now" });
    const hedged = attempts === 2;
    await warm(client, 200);
    return hedged;
  }, "a second copy was sent");
});

test("with consistent_hash too: no more attempts in all than MaxAttempts, each at another instance", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, {
    BalancerName: "consistent_hash",
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  const keys = Array.from({ length: 40 }, (_, i) => `user-${i}`);
  await until(async () => {
    for (const key of keys) await withHashKey(key, () => say(client));
    return servers.every(({ calls }) => calls > 0);
  }, "every instance is connected to");
  await withHashKey("user-1", () => warm(client));
  const attempts = failLate(servers);
  for (const key of keys.slice(0, 10)) {
    attempts.fill(0);
    await assert.rejects(
      withHashKey(key, () => say(client, { text: "counted" })),
      { code: grpc.status.UNAVAILABLE },
    );
    assert.ok(attempts.reduce((sum, calls) => sum + calls) <= 3, `attempts at the instances: ${attempts}`);
    assert.ok(Math.max(...attempts) <= 1, `attempts at the instances: ${attempts}`);
  }
});
