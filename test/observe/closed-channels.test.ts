import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Server } from "@grpc/grpc-js";
import { createClient, createServer } from "../../src/index.js";
import { flightRecorder } from "../../src/observe/decisions/setting.js";
import { clients } from "../../src/observe/sources.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { until } from "../support/until.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const build = (builder: Server) =>
  builder.addService(
    EchoService,
    echoHandlers(() => "a"),
  );
const server = createServer({ ListenOn: "127.0.0.1:0" }, build, { signals: false });
after(() => server.stop());

/** What observes a channel, and holds all of it. */
async function calledAndClosed(): Promise<WeakRef<object>> {
  const client = createClient(EchoClient, { Endpoints: [server.address!] });
  await say(client);
  const source = new WeakRef([...clients].at(-1)!);
  client.close();
  return source;
}

test("a channel that was called and closed is not kept by what is recorded of its calls", async () => {
  await server.start();
  const channels: WeakRef<object>[] = [];
  for (let i = 0; i < 20; i++) channels.push(await calledAndClosed());
  await until(() => {
    collectGarbage();
    return channels.every((channel) => channel.deref() === undefined);
  }, "the channels are free");
  const kept = flightRecorder()!
    .decisions()
    .filter(({ service }) => service === server.address);
  assert.equal(kept.length, channels.length, "what was recorded can still be read");
});
