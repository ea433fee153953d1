import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { channelOf, createClient, setLogger } from "../../../src/index.js";
import { EchoClient, say, startBareEcho } from "../../support/echo.js";
import { until } from "../../support/until.js";

const open: (() => unknown)[] = [];
after(() => Promise.all(open.map((close) => close())));

/** A server that resets each stream with CANCEL, as grpc-go does at its deadline; when is for the test to say. */
async function startResetting(afterMs: (timeoutMs: number) => number): Promise<string> {
  const sessions = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => {});
    if (String(headers[":path"]).startsWith("/grpc.health")) {
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true });
      return;
    }
    const [, amount, unit] = /^(\d+)([mS])$/.exec(String(headers["grpc-timeout"] ?? "")) ?? [];
    const timeoutMs = Number(amount) * (unit === "S" ? 1_000 : 1);
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), afterMs(timeoutMs)).unref();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  open.push(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function codes(client: EchoClient, deadlineMs: number, calls: number): Promise<string[]> {
  const ended = Array.from({ length: calls }, () =>
    say(client, {}, { deadline: Date.now() + deadlineMs }).then(
      () => "OK",
      (error: grpc.ServiceError) => grpc.status[error.code]!,
    ),
  );
  return Promise.all(ended);
}

const count = (all: readonly string[], code: string) => all.filter((one) => one === code).length;

test("a deadline that the server enforces first is DEADLINE_EXCEEDED for the caller and the balancer, of bare clients too", async (t) => {
  const address = await startResetting((timeoutMs) => timeoutMs - 8);
  const insecure = grpc.credentials.createInsecure();
  const clients = {
    plain: new EchoClient(address, insecure),
    bare: new EchoClient(`direct:///${address}`, insecure),
    made: createClient(EchoClient, { Endpoints: [address] }),
  };
  for (const client of Object.values(clients)) {
    open.push(() => client.close());
    await codes(client, 300, 1);
  }
  const told: unknown[] = [];
  setLogger({ debug: (facts) => told.push(facts), info() {}, warn() {}, error() {} });
  // By turns, so that all meet the same moments of the machine: on a busy one the client's own timer is often the first.
  const plain: string[] = [];
  const ours: string[] = [];
  await until(async () => {
    plain.push(...(await codes(clients.plain, 60, 1)));
    for (const client of [clients.bare, clients.made]) ours.push(...(await codes(client, 60, 1)));
    return count(plain, "CANCELLED") >= 10;
  }, "the server's reset came before the timer of plain grpc-js ten times");
  setLogger({ debug() {}, info() {}, warn() {}, error() {} }, "silent");
  t.diagnostic(`of ${plain.length} calls with plain grpc-js ${count(plain, "CANCELLED")} were CANCELLED`);
  assert.deepEqual(new Set(ours), new Set(["DEADLINE_EXCEEDED"]));
  const outcomes = (told as { code?: number }[]).flatMap(({ code }) => code ?? []);
  assert.deepEqual([outcomes.length, new Set(outcomes)], [ours.length, new Set([grpc.status.DEADLINE_EXCEEDED])]);
});

test("a stream that the server resets long before the deadline stays CANCELLED, as with plain grpc-js", async () => {
  const address = await startResetting(() => 0);
  const insecure = grpc.credentials.createInsecure();
  for (const target of [address, `direct:///${address}`]) {
    const client = new EchoClient(target, insecure);
    open.push(() => client.close());
    assert.deepEqual(await codes(client, 60_000, 1), ["CANCELLED"]);
  }
});

test("CANCELLED counts against an instance that reset the call, not against one that its caller or a hedge gave up", async () => {
  const mute = await startResetting(() => 600_000);
  const made = (config: Partial<Parameters<typeof createClient>[1]>) => {
    const client = createClient(EchoClient, { Timeout: 60_000, ...config });
    open.push(() => client.close());
    return client;
  };
  const instances = (client: EchoClient) => channelOf(client)!.stats()?.instances ?? [];
  const failures = (client: EchoClient) => instances(client).map((instance) => instance.failures);

  const reset = made({ Endpoints: [await startResetting(() => 0)] });
  assert.deepEqual(new Set(await codes(reset, 60_000, 5)), new Set(["CANCELLED"]));
  assert.deepEqual(failures(reset), [5]);

  const givenUp = made({ Endpoints: [mute] });
  for (let i = 0; i < 5; i++) {
    const ended = new Promise((resolve) => {
      const call = givenUp.say({}, {}, (error) => resolve(error?.code));
      void until(() => instances(givenUp)[0]?.inFlight === 1, "the call is under way").then(() => call.cancel());
    });
    assert.equal(await ended, grpc.status.CANCELLED);
  }
  assert.deepEqual(failures(givenUp), [0]);

  const good = await startBareEcho();
  open.push(good.stop);
  const hedged = made({ Endpoints: [mute, good.address], Hedge: { Delay: 5 } });
  const under = () => instances(hedged).find(({ address }) => address === mute)?.calls ?? 0;
  for (let i = 0; i < 200 && under() === 0; i++) assert.equal((await say(hedged)).instance, good.address);
  assert.ok(under() > 0, "the mute one got a call, which the other one answered");
  assert.deepEqual(failures(hedged), [0, 0]);
});
