import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import {
  type ClientConfig,
  createChannel,
  createClient,
  createServer,
  type Server,
  setLogger,
} from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";

let lines: Record<string, unknown>[] = [];
let server: Server;

before(async () => {
  server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 }, Middlewares: { Stat: false } },
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
    { signals: false },
  );
  await server.start();
});

after(() => server.stop());

beforeEach(() => {
  lines = [];
  const note = (level: string) => (facts: object, message: string) => {
    if (/^(slow|failed) call$/.test(message)) lines.push({ level, message, ...facts });
  };
  setLogger({ debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") });
});

function clientOf(t: { after(run: () => void): void }, config: Partial<ClientConfig> = {}): EchoClient {
  const client = createClient(EchoClient, { Endpoints: [server.address!], ...config });
  t.after(() => client.close());
  return client;
}

test("a client logs its slow calls and its failed ones with method, instance and status, without what they carried", async (t) => {
  const client = clientOf(t, { SlowThreshold: 50 });
  await say(client, { text: "quick" });
  await say(client, { text: "a secret", delayMs: 80 });
  await assert.rejects(say(client, { text: "a secret", code: grpc.status.INTERNAL }));
  const [slow, failed] = lines;
  assert.equal(lines.length, 2);
  const { ms, ...rest } = slow!;
  assert.ok(Number(ms) > 50);
  const facts = { level: "info", method: "/test.Echo/Say", instance: server.address, service: server.address };
  assert.deepEqual(rest, { ...facts, message: "slow call", limitMs: 50 });
  assert.deepEqual([failed!.message, failed!.code, failed!.instance], ["failed call", "INTERNAL", server.address]);
  assert.doesNotMatch(JSON.stringify(lines), /secret/);
});

test("a call that never finds an instance is a failed one, too", async (t) => {
  const client = clientOf(t, { Endpoints: ["127.0.0.1:1"] });
  await assert.rejects(say(client));
  assert.deepEqual(
    lines.map(({ message, code, instance }) => [message, code, instance]),
    [["failed call", "UNAVAILABLE", undefined]],
  );
});

test("Duration: false logs no call", async (t) => {
  const client = clientOf(t, { SlowThreshold: 1, Middlewares: { Duration: false } });
  await say(client, { delayMs: 20 });
  await assert.rejects(say(client, { code: grpc.status.INTERNAL }));
  assert.deepEqual(lines, []);
});

test("streams are never slow, and neither are calls of a channel that does not know its methods", async (t) => {
  const client = clientOf(t, { SlowThreshold: 0 });
  for await (const _ of client.count({ count: 2, delayMs: 5 }));
  assert.deepEqual(lines, []);
  const channel = createChannel({ Endpoints: [server.address!], SlowThreshold: 0 });
  const bare = new EchoClient("unused", grpc.credentials.createInsecure(), { channelOverride: channel });
  t.after(() => bare.close());
  await say(bare);
  assert.deepEqual(lines, []);
  await say(client);
  assert.equal(lines.length, 1);
});
