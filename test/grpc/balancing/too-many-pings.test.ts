import assert from "node:assert/strict";
import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { createClient } from "../../../src/index.js";
import { EchoClient, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

/** Does after the first call what grpc-go does to those who ping too often. */
async function startComplaining(t: TestContext): Promise<string> {
  const server = createServer();
  let complained = false;
  server.on("session", (session) => {
    session.on("error", () => {});
    // A session that was told to go away stays open while neither side closes it.
    t.after(() => session.destroy());
  });
  server.on("stream", (stream: ServerHttp2Stream, { ":path": path }) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": 12 }, { endStream: true });
    if (complained || path !== "/test.Echo/Say") return;
    complained = true;
    const { session } = stream;
    stream.once("close", () => session!.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a server that closes a connection because of too many pings: one warning names KeepaliveTime and the cure", async (t) => {
  const addresses = [await startComplaining(t), await startComplaining(t)];
  const warnings = gatherWarnings();
  const client = createClient(EchoClient, { Endpoints: addresses, KeepaliveTime: 20_000, Timeout: 20_000 });
  t.after(() => client.close());
  const told = () => warnings.filter(({ message }) => /too many pings/.test(message));
  await until(async () => {
    await say(client).catch(() => {});
    return told().length > 0;
  }, "it is told");
  for (let call = 0; call < 20; call++) await say(client).catch(() => {});
  assert.equal(told().length, 1);
  assert.match(
    told()[0]!.message,
    /KeepaliveTime is 20000 ms.*raise KeepaliveTime to 5m or more.*From now on it is 40000 ms/,
  );
});
