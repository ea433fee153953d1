import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, closeAll, connected, hangs, instances, warm } from "./told-instances.js";

after(closeAll);

test("with Hedge a call that hangs at one instance is answered by another, and ended where it hangs", async () => {
  const servers = await instances(3);
  const client = clientOf(servers, { Hedge: {}, Timeout: 20_000 });
  await connected(client, servers);
  await warm(client);
  for (const one of servers) one.cancelled = 0;
  servers[0]!.handler = hangs;
  servers[0]!.calls = 0;
  await until(async () => {
    await say(client);
    return servers[0]!.calls > 0;
  }, "a call comes to the one that hangs");
  await until(() => servers[0]!.cancelled > 0, "the copy that lost is ended");
});

test("a caller that ends a call with a status of its own, as interceptors do, has no copy of it sent", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: { Budget: 1 }, Timeout: 0 });
  await connected(client, servers);
  // So slow that the caller gives up long before a copy is due.
  for (const one of servers)
    one.handler = (_call, callback) => void setTimeout(() => callback(null, { instance: one.address }), 200);
  await warm(client, 50);
  for (const one of servers) one.handler = hangs;
  for (const one of servers) one.calls = 0;
  const gaveUp: grpc.Interceptor = (options, next) => {
    const call = new grpc.InterceptingCall(next(options));
    setImmediate(() => call.cancelWithStatus(grpc.status.UNAVAILABLE, "gave up"));
    return call;
  };
  for (let i = 0; i < 5; i++) {
    await assert.rejects(say(client, {}, { interceptors: [gaveUp], deadline: Date.now() + 5_000 }), {
      code: grpc.status.UNAVAILABLE,
      details: "gave up",
    });
  }
  assert.ok(servers[0]!.calls + servers[1]!.calls <= 5);
});

test("an answer that is an error of the application is the answer: it is neither hedged nor repeated", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: {} });
  await connected(client, servers);
  for (const one of servers)
    one.handler = (_call, callback) => callback({ code: grpc.status.NOT_FOUND, details: "none" });
  for (const one of servers) one.calls = 0;
  await assert.rejects(say(client), { code: grpc.status.NOT_FOUND, details: "none" });
  assert.equal(servers[0]!.calls + servers[1]!.calls, 1);
});

test("a caller that cancels a hedged call ends it everywhere", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: { Budget: 0.5 }, Timeout: 0 });
  await connected(client, servers);
  await warm(client);
  for (const one of servers) {
    one.handler = (call, callback) => {
      if (call.request.text !== "hang") callback(null, { instance: one.address });
      else {
        one.hanging += 1;
        call.on("cancelled", () => {
          one.hanging -= 1;
        });
      }
    };
  }
  let call: grpc.ClientUnaryCall | undefined;
  const ended = new Promise<grpc.ServiceError | null>((resolve) => {
    call = client.say({ text: "hang" }, {}, (error) => resolve(error));
  });
  // Other calls go on: where a busy machine has made everything slow, they show when that is over and a copy may be sent.
  await until(async () => {
    await say(client);
    return servers.every(({ hanging }) => hanging === 1);
  }, "both copies hang");
  call!.cancel();
  assert.equal((await ended)?.code, grpc.status.CANCELLED);
  await until(() => servers.every(({ hanging }) => hanging === 0), "both are ended");
});
