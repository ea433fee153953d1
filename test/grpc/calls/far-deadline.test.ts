import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, setLogger } from "../../../src/index.js";
import { EchoClient, say } from "../../support/echo.js";

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
    setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), afterMs(timeoutMs));
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
  const plain = await codes(clients.plain, 150, 20);
  t.diagnostic(`of 20 calls: ${count(plain, "CANCELLED")} CANCELLED with plain grpc-js`);
  assert.equal(count(await codes(clients.bare, 150, 20), "DEADLINE_EXCEEDED"), 20);
  assert.equal(count(await codes(clients.made, 150, 20), "DEADLINE_EXCEEDED"), 20);
  setLogger({ debug() {}, info() {}, warn() {}, error() {} }, "silent");
  const outcomes = (told as { code?: number }[]).flatMap(({ code }) => code ?? []);
  assert.deepEqual([outcomes.length, new Set(outcomes)], [40, new Set([grpc.status.DEADLINE_EXCEEDED])]);
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
