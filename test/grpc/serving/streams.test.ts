import assert from "node:assert/strict";
import { mock, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/grpc/client/client.js";
import { EchoClient, say } from "../../support/echo.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { until } from "../../support/until.js";
import { echoServer, open, registry } from "./echo-servers.js";

test("streams in flight on an instance that is taken out of the registry go on", async () => {
  const [one, other] = [echoServer(), echoServer()];
  await Promise.all([one.start(), other.start()]);
  registry.list("removal", [one.address!]);
  const client = createClient(EchoClient, { Target: registry.target("removal") });
  open.push(client);
  const chat = client.chat();
  const answers: string[] = [];
  chat.on("data", ({ instance }) => answers.push(instance));
  chat.write({});
  await until(() => answers.length === 1, "the stream has begun");
  registry.list("removal", [other.address!]);
  await until(async () => (await say(client)).instance === other.address, "new calls go elsewhere");
  chat.write({});
  await until(() => answers.length === 2, "the stream goes on");
  assert.deepEqual(answers, [one.address, one.address]);
  const status = new Promise<grpc.status>((resolve) => chat.on("status", ({ code }) => resolve(code)));
  chat.end();
  assert.equal(await status, grpc.status.OK);
});

test("of a client that vanished without a word nothing is kept: its connection ends, and so do its calls", async (t) => {
  const server = echoServer(
    {},
    {},
    {
      chat(call: grpc.ServerDuplexStream<unknown, unknown>) {
        call.write({});
        call.on("cancelled", () => cancelled());
      },
    },
  );
  let cancelled = () => {};
  const ended = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  await server.start();
  const proxy = new SilentProxy(server.port!);
  await proxy.start();
  open.push({ close: () => void proxy.stop() });
  // The minutes that pass are not those of a clock.
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const client = new EchoClient(`127.0.0.1:${proxy.port}`, grpc.credentials.createInsecure());
  open.push(client);
  const chat = client.chat();
  chat.on("error", () => {});
  await new Promise((resolve) => chat.once("data", resolve));
  proxy.silence();
  mock.timers.tick(300_000);
  mock.timers.tick(20_000);
  await ended;
});
