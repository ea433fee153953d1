import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { type EchoClient, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, closeAll, connected, hangs, type Instance, instances, unavailable, warm } from "./told-instances.js";

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
  hold(servers, 200);
  await warm(client, 50);
  let came = 0;
  for (const one of servers) {
    // Told apart by its text: the last copies that the warm calls sent may still be on their way.
    one.handler = ({ request }) => {
      if (request.text === "given up") came += 1;
    };
  }
  const gaveUp: grpc.Interceptor = (options, next) => {
    const call = new grpc.InterceptingCall(next(options));
    setImmediate(() => call.cancelWithStatus(grpc.status.UNAVAILABLE, "gave up"));
    return call;
  };
  for (let i = 0; i < 5; i++) {
    await assert.rejects(say(client, { text: "given up" }, { interceptors: [gaveUp], deadline: Date.now() + 5_000 }), {
      code: grpc.status.UNAVAILABLE,
      details: "gave up",
    });
  }
  assert.ok(came <= 5, `${came} came`);
});

/** Answers all calls after so long but those that are to be held. @returns the answers of these, in the order in which they came. */
function hold(servers: readonly Instance[], ms = 0): (() => void)[] {
  const held: (() => void)[] = [];
  for (const one of servers) {
    one.handler = (call, callback) => {
      const answer = () => callback(null, { instance: one.address });
      if (call.request.text === "hold") held.push(answer);
      else setTimeout(answer, ms);
    };
  }
  return held;
}

test("a client that is closed lets its calls end, and sends no copies of them", async () => {
  const servers = await instances(2);
  const [closed, other] = [1, 2].map(() => clientOf(servers, { Hedge: { Budget: 1 }, Timeout: 0 })) as [
    EchoClient,
    EchoClient,
  ];
  for (const client of [closed, other]) await connected(client, servers);
  hold(servers, 10);
  await warm(closed, 100);
  const held = hold(servers, 60);
  await warm(other, 100);
  const call = say(closed, { text: "hold" });
  await until(() => held.length === 1, "it is there");
  closed.close();
  const later = say(other, { text: "hold" });
  await until(async () => {
    await say(other);
    return held.length === 3;
  }, "a call that began later, and may take longer, has a copy: the first is late as well");
  for (const answer of held) answer();
  await Promise.all([call, later]);
});

test("where there is no other instance, no copy is sent, and a failure is told as it is", async () => {
  const [only] = await instances(1);
  const client = clientOf([only!], { Hedge: { Budget: 1 }, Timeout: 0 });
  await connected(client, [only!]);
  await warm(client);
  const held = hold([only!]);
  const call = say(client, { text: "hold" });
  await until(() => held.length > 0, "it is there");
  // Each of these tells that time passes, and is quick.
  await warm(client, 300);
  held[0]!();
  await call;
  assert.equal(held.length, 1);
  only!.handler = unavailable;
  await assert.rejects(say(client), { code: grpc.status.UNAVAILABLE, details: "not now" });
});

test("a copy whose instance is ended, or does not know the method, leaves it to the other one", async () => {
  for (const code of [grpc.status.CANCELLED, grpc.status.UNIMPLEMENTED]) {
    const servers = await instances(2);
    const client = clientOf(servers, { Hedge: { Budget: 1 }, Timeout: 0 });
    await connected(client, servers);
    await warm(client);
    let answerFirst: (() => void) | undefined;
    let failed = false;
    for (const one of servers) {
      one.handler = (call, callback) => {
        if (call.request.text !== "hold") return callback(null, { instance: one.address });
        if (!answerFirst) answerFirst = () => callback(null, { instance: one.address });
        else {
          failed = true;
          callback({ code, details: "not here" });
        }
      };
    }
    const call = say(client, { text: "hold" });
    await until(async () => {
      await say(client);
      return failed;
    }, "the second copy has failed");
    // It is heard of before this is answered, over the same connection.
    for (let i = 0; i < 20; i++) await say(client);
    answerFirst!();
    await call;
  }
});

test("of a call that a server says not to make again no copy is sent", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: { Budget: 1 }, Timeout: 0 });
  await connected(client, servers);
  // So slow that no copy is due when the refusal is there.
  hold(servers, 200);
  await warm(client, 50);
  for (const code of [grpc.status.RESOURCE_EXHAUSTED, grpc.status.UNAVAILABLE]) {
    let attempts = 0;
    for (const one of servers) {
      one.handler = (call, callback) => {
        if (call.request.text === "refuse") attempts += 1;
        const metadata = new grpc.Metadata();
        metadata.set("grpc-retry-pushback-ms", "-1");
        callback({ code, details: "not again", metadata });
      };
    }
    for (let i = 0; i < 5; i++) await assert.rejects(say(client, { text: "refuse" }), { code, details: "not again" });
    assert.equal(attempts, 5);
  }
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
  const client = clientOf(servers, { Hedge: { Budget: 0.5 }, Timeout: 0 });
  await connected(client, servers);
  await warm(client);
  let call: grpc.ClientUnaryCall | undefined;
  const ended = new Promise<grpc.ServiceError | null>((resolve) => {
    call = client.say({ text: "hang" }, {}, (error) => resolve(error));
  });
  const hanging = () => servers.map((one) => one.hanging);
  await until(async () => {
    await say(client);
    return hanging().every((calls) => calls === 1);
  }, "it hangs at both");
  call!.cancel();
  assert.equal((await ended)?.code, grpc.status.CANCELLED);
  await until(() => hanging().every((calls) => calls === 0), "it is ended at both");
});
