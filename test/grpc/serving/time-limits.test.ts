import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/grpc/client/client.js";
import { EchoClient, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { clientOf, echoServer, open } from "./echo-servers.js";

test("Timeout ends unary calls, MethodTimeouts single ones, and streams go on", async () => {
  const short = echoServer({ Timeout: 50 });
  await short.start();
  const error = await say(clientOf(short), { delayMs: 2_000 }).catch((error: grpc.ServiceError) => error);
  assert.deepEqual(
    [(error as grpc.ServiceError).code, (error as grpc.ServiceError).details],
    [grpc.status.DEADLINE_EXCEEDED, "/test.Echo/Say did not end within the server's limit of 50 ms"],
  );
  const chat = clientOf(short).chat();
  const answers: unknown[] = [];
  chat.on("data", (reply) => answers.push(reply));
  chat.write({ text: "one" });
  await until(() => answers.length === 1, "the stream is answered");
  await assert.rejects(say(clientOf(short), { delayMs: 2_000 }), { code: grpc.status.DEADLINE_EXCEEDED });
  chat.write({ text: "two" });
  await until(() => answers.length === 2, "the stream outlives the limit of unary calls");
  chat.end();

  const single = echoServer({ Timeout: 50, MethodTimeouts: [{ FullMethod: "/test.Echo/Say", Timeout: 0 }] });
  await single.start();
  assert.ok(await say(clientOf(single), { delayMs: 150 }));
});

test("a call made while another is served gets no more time than that one has left", async () => {
  const behind: number[] = [];
  const back = echoServer(
    { Timeout: 0 },
    {},
    {
      say: (call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
        behind.push(Number(call.getDeadline()));
        callback(null, {});
      },
    },
  );
  await back.start();
  const toBack = createClient(EchoClient, { Endpoints: [back.address!], Timeout: 600_000 });
  open.push(toBack);
  const ahead: number[] = [];
  const front = echoServer(
    { Timeout: 200_000 },
    {},
    {
      say: async (call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
        ahead.push(Number(call.getDeadline()));
        // Through a timer and a promise: the context follows.
        await new Promise((resolve) => setTimeout(resolve, 10));
        await say(toBack);
        callback(null, {});
      },
    },
  );
  await front.start();
  const client = clientOf(front);
  const began = Date.now();
  await say(client, {}, { deadline: began + 60_000 });
  await say(client);
  await say(toBack);
  const [asked, limited, own] = behind.map((deadline) => deadline - began) as [number, number, number];
  assert.ok(asked <= 100_000, `the caller's 60 s became ${asked} ms`);
  assert.ok(limited > 100_000 && limited <= 300_000, `the server's limit of 200 s became ${limited} ms`);
  assert.ok(own > 500_000, "outside a call the client's own timeout counts");
});

test("somebody sets the server's clock while a call comes and while it runs: it has as much time as before", async (t) => {
  const trueNow = Date.now;
  const clockIsSet: grpc.ServerInterceptor = (_method, call) =>
    new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, goOn) => {
            t.mock.method(Date, "now", () => trueNow() + 3 * 3_600_000);
            goOn(metadata);
          },
        }),
    });
  const behind = echoServer({});
  await behind.start();
  const toBehind = createClient(EchoClient, { Endpoints: [behind.address!] });
  open.push(toBehind);
  const server = echoServer(
    {},
    { serverOptions: { interceptors: [clockIsSet] } },
    {
      say: async (_call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) => {
        t.mock.method(Date, "now", () => trueNow() + 6 * 3_600_000);
        callback(null, await say(toBehind));
      },
    },
  );
  await server.start();
  assert.ok(await say(clientOf(server), {}, { deadline: trueNow() + 60_000 }), "as have the calls that it makes");
});
