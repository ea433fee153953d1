import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import type { ClientConfig } from "../../../src/config/schema/client-target.js";
import { createClient } from "../../../src/grpc/client/client.js";
import { EchoClient, type EchoRequest, EchoService, echoHandlers, say } from "../../support/echo.js";
import { until } from "../../support/until.js";

const open: { close(): void }[] = [];
after(() => {
  for (const one of open) one.close();
});

type Say = grpc.handleUnaryCall<EchoRequest, object>;

/** A server whose unary method and stream are the test's. */
async function serve(handlers: { say?: Say; count?: grpc.handleServerStreamingCall<EchoRequest, object> }) {
  const server = new grpc.Server();
  server.addService(EchoService, { ...echoHandlers(() => "me"), ...handlers });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  open.push({ close: () => server.forceShutdown() });
  return `127.0.0.1:${port}`;
}

/** Fails its first `times` calls with the code; counts all. */
function failing(times: number, code = grpc.status.UNAVAILABLE) {
  const seen = { calls: 0 };
  const handler: Say = (_call, callback) => {
    seen.calls += 1;
    if (seen.calls <= times) callback({ code, details: "not now" });
    else callback(null, {});
  };
  return { seen, handler };
}

function clientOf(address: string, config: Omit<ClientConfig, "Endpoints">): EchoClient {
  const client = createClient(EchoClient, { Endpoints: [address], ...config });
  open.push(client);
  return client;
}

const RETRY = { InitialBackoff: 1, MaxBackoff: 5 };

test("without Retry a call that fails is not repeated", async () => {
  const { seen, handler } = failing(1);
  const client = clientOf(await serve({ say: handler }), {});
  await assert.rejects(say(client), { code: grpc.status.UNAVAILABLE });
  assert.equal(seen.calls, 1);
});

test("Retry repeats what is UNAVAILABLE up to MaxAttempts, and nothing else", async () => {
  const twice = failing(2);
  await say(clientOf(await serve({ say: twice.handler }), { Retry: RETRY }));
  assert.equal(twice.seen.calls, 3);

  const always = failing(Number.POSITIVE_INFINITY);
  const client = clientOf(await serve({ say: always.handler }), { Retry: { ...RETRY, MaxAttempts: 4 } });
  await assert.rejects(say(client), { code: grpc.status.UNAVAILABLE });
  assert.equal(always.seen.calls, 4);

  const internal = failing(1, grpc.status.INTERNAL);
  const other = clientOf(await serve({ say: internal.handler }), { Retry: RETRY });
  await assert.rejects(say(other), { code: grpc.status.INTERNAL });
  assert.equal(internal.seen.calls, 1);
});

test("a stream that has begun to answer is not repeated", async () => {
  let calls = 0;
  const address = await serve({
    count: (call) => {
      calls += 1;
      call.write({ instance: "me" });
      call.emit("error", { code: grpc.status.UNAVAILABLE, details: "in the middle" });
    },
  });
  const stream = clientOf(address, { Retry: RETRY }).count({});
  const code = await new Promise<grpc.status>((resolve) => {
    stream.on("error", (error: grpc.ServiceError) => resolve(error.code));
    stream.resume();
  });
  assert.deepEqual([code, calls], [grpc.status.UNAVAILABLE, 1]);
});

test("the budget ends retries when all calls fail: a service that is down is not called several times as often", async () => {
  const { seen, handler } = failing(Number.POSITIVE_INFINITY);
  const client = clientOf(await serve({ say: handler }), { Retry: { ...RETRY, MaxAttempts: 2, Budget: 0.1 } });
  const calls = 1_500;
  for (let made = 0; made < calls; made += 100) {
    await Promise.all(Array.from({ length: 100 }, () => say(client).catch(() => {})));
  }
  const repeated = seen.calls - calls;
  // 500 failed attempts use up half of the tokens; what is in flight at that moment may still be repeated.
  assert.ok(repeated > 100 && repeated <= 600, `${repeated} of ${calls} calls were repeated`);
});

test("Methods sets retries and timeouts of single methods, an exact name before a service's", async () => {
  const { seen, handler } = failing(Number.POSITIVE_INFINITY);
  const address = await serve({ say: handler });
  const never = clientOf(address, {
    Retry: RETRY,
    Methods: [{ FullMethod: "/test.Echo/Say", Retry: { MaxAttempts: 1 } }],
  });
  await assert.rejects(say(never), { code: grpc.status.UNAVAILABLE });
  assert.equal(seen.calls, 1);
  const only = clientOf(address, { Methods: [{ FullMethod: "/test.Echo/*", Retry: { ...RETRY, MaxAttempts: 5 } }] });
  await assert.rejects(say(only), { code: grpc.status.UNAVAILABLE });
  assert.equal(seen.calls, 6);

  const slow = await serve({});
  const limited = clientOf(slow, {
    Timeout: 30_000,
    Methods: [
      { FullMethod: "/test.Echo/*", Timeout: 20_000 },
      { FullMethod: "/test.Echo/Say", Timeout: 50 },
    ],
  });
  await assert.rejects(say(limited, { delayMs: 2_000 }), { code: grpc.status.DEADLINE_EXCEEDED });
  const longer = clientOf(slow, { Timeout: 50, Methods: [{ FullMethod: "/test.Echo/Say", Timeout: 20_000 }] });
  assert.ok(await say(longer, { delayMs: 150 }));
});

test("Hedge sends a call again while the first waits, and takes the first answer", async () => {
  let calls = 0;
  let cancelled = 0;
  const address = await serve({
    say: (call, callback) => {
      calls += 1;
      call.on("cancelled", () => {
        cancelled += 1;
      });
      // The first hangs.
      if (calls > 1) callback(null, { instance: `attempt ${calls}` });
    },
  });
  const client = clientOf(address, { Methods: [{ FullMethod: "/test.Echo/Say", Hedge: { Delay: 20 } }] });
  assert.equal((await say(client)).instance, "attempt 2");
  await until(() => cancelled === 1, "the attempt that hangs is called off");
  assert.equal((await say(client)).instance, "attempt 3");
  assert.equal(calls, 3, "an answer in time is not hedged");
});
