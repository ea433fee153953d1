import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { type Client, createClient } from "@connectrpc/connect";
import {
  createRollcallTransport,
  type RollcallTransport,
  type RollcallTransportOptions,
} from "../../src/connect/index.js";
import { until } from "../support/until.js";
import { startTalk } from "./talk-server.js";
import { Talk } from "./talk-service.js";

interface Calling {
  readonly transport: RollcallTransport;
  readonly client: Client<typeof Talk>;
}

async function calling(
  t: TestContext,
  address: string,
  options: Partial<RollcallTransportOptions> = {},
): Promise<Calling> {
  const transport = createRollcallTransport({ target: `direct:///${address}`, protocol: "connect", ...options });
  t.after(() => transport.close());
  await until(() => transport.stats().ready === 1, "it is connected");
  return { transport, client: createClient(Talk, transport) };
}

/** Begins a stream and never goes on. */
async function* endless(signal: AbortSignal) {
  yield { text: "hang" };
  await once(signal, "abort");
}

for (const protocol of ["connect", "grpc", "grpc-web"] as const) {
  test(`${protocol}: a server that ends its connections at once ends every call on them, and close() afterwards`, async (t) => {
    const server = await startTalk("a");
    const { client, transport } = await calling(t, server.address, { protocol });
    const over = new AbortController();
    t.after(() => over.abort());
    const reading = async (answers: AsyncIterable<unknown>) => {
      for await (const _ of answers);
    };
    const calls = [1, 2, 3].flatMap(() => [
      client.say({ text: "hang" }),
      client.gather(endless(over.signal)),
      reading(client.chat(endless(over.signal))),
      reading(client.tell({ text: "a", waitMs: 60_000 })),
    ]);
    await until(() => server.calls === calls.length, "all are under way");
    await server.kill();
    for (const { status } of await Promise.allSettled(calls)) assert.equal(status, "rejected");
    await transport.close();
  });
}

test("a connection that breaks counts against the instance, whatever code it is given", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.resetAndDestroy());
  });
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { client, transport } = await calling(t, `127.0.0.1:${port}`, { httpVersion: "1.1" });
  await assert.rejects(client.say({ text: "x" }), /ECONNRESET|hang up/);
  assert.ok(transport.stats().instances[0]!.failureRate > 0);
});

test("a timeout longer than timers take is as good as none", async (t) => {
  const server = await startTalk("a");
  t.after(() => server.kill());
  const { client } = await calling(t, server.address);
  for (const timeoutMs of [2 ** 31, 1e15, Number.POSITIVE_INFINITY]) {
    assert.equal((await client.say({ text: "x", waitMs: 20 }, { timeoutMs })).by, "a");
  }
});
