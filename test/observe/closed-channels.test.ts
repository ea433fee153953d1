import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Server, status } from "@grpc/grpc-js";
import { channelOf, createClient, createServer } from "../../src/index.js";
import { flightRecorder } from "../../src/observe/decisions/setting.js";
import { clients } from "../../src/observe/sources.js";
import { closedChannels } from "../../src/tally.js";
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

test("attempts that end after their channel was closed are counted", async () => {
  const counted = () => closedChannels.calls.counts.get(server.address!) ?? 0;
  const failed = () => closedChannels.failures.counts.get(server.address!) ?? 0;
  const before = [counted(), failed()];
  const client = createClient(EchoClient, { Endpoints: [server.address!], HealthCheck: false, Timeout: 0 });
  await say(client);
  const running = [say(client, { delayMs: 100 }), say(client, { delayMs: 100, code: status.UNAVAILABLE })];
  const ends = Promise.allSettled(running);
  await until(() => channelOf(client)!.stats()!.instances[0]!.inFlight === 2, "they run");
  client.close();
  await ends;
  assert.deepEqual([counted(), failed()], [before[0]! + 3, before[1]! + 1]);
});
