import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/index.js";
import { EchoClient, say } from "../../support/echo.js";

const HEADERS = { ":status": 200, "content-type": "application/grpc" };

/** A server that crashes at its first call, before or after the headers of its answer have arrived, and answers later ones. */
async function startCrashing(t: TestContext, when: "before" | "after") {
  const seen = { calls: 0 };
  const server = createServer();
  let connection: Socket | undefined;
  server.on("connection", (socket: Socket) => {
    connection = socket;
  });
  server.on("session", (session) => session.on("error", () => {}));
  server.on("stream", (stream: ServerHttp2Stream, { ":path": path }) => {
    stream.on("error", () => {});
    // Without a health service it is called all the same.
    if (path !== "/test.Echo/Say") return void stream.respond({ ...HEADERS, "grpc-status": 12 }, { endStream: true });
    seen.calls += 1;
    const crash = () => connection!.destroy();
    if (seen.calls > 1) answer(stream);
    else if (when === "before") crash();
    else {
      stream.respond(HEADERS);
      // What is answered to a ping has read all that was sent before it.
      stream.session!.ping(crash);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function answer(stream: ServerHttp2Stream): void {
  const message = Buffer.from(JSON.stringify({ instance: "second" }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond(HEADERS, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([prefix, message]));
}

/** The same policy as `Retry: {}`. */
const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: "0.05s",
  maxBackoff: "1s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};
const clients = {
  rollcall: (address: string) => createClient(EchoClient, { Endpoints: [address], Timeout: 20_000, Retry: {} }),
  "grpc-js": (address: string) =>
    new EchoClient(address, grpc.credentials.createInsecure(), {
      "grpc.service_config": JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }),
    }),
};

for (const [name, connect] of Object.entries(clients)) {
  test(`with retries a unary call survives a crash before the headers of its answer have come (${name})`, async (t) => {
    const { address, seen } = await startCrashing(t, "before");
    const client = connect(address);
    t.after(() => client.close());
    assert.deepEqual([(await say(client)).instance, seen.calls], ["second", 2]);
  });

  test(`a unary call whose headers had come is not made again: gRPC has committed it (${name})`, async (t) => {
    const { address, seen } = await startCrashing(t, "after");
    const client = connect(address);
    t.after(() => client.close());
    await assert.rejects(say(client), { code: grpc.status.UNAVAILABLE, details: "Connection dropped" });
    assert.equal(seen.calls, 1);
    assert.equal((await say(client)).instance, "second");
  });
}
