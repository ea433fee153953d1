import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { Code, createClient } from "@connectrpc/connect";
import { createRollcallTransport, type RollcallTransportOptions } from "../../src/connect/index.js";
import { Authority } from "../etcd/certificates.js";
import { until } from "../support/until.js";
import { registry } from "./fleet.js";
import { startTalk } from "./talk-server.js";
import { Talk } from "./talk-service.js";

test("TLS is verified against the service's name, and a wrong one is refused in words", async (t) => {
  using authority = new Authority();
  const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.rpc");
  const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  const ca = readFileSync(authority.caFile, "utf8");
  const server = await startTalk("a", { tls });
  t.after(() => server.kill());
  registry.list("shop/order.rpc", [server.address]);
  const make = (options: Partial<RollcallTransportOptions>) => {
    const target = registry.target("shop/order.rpc");
    const transport = createRollcallTransport({ target, protocol: "grpc", ...options });
    t.after(() => transport.close());
    return createClient(Talk, transport);
  };
  assert.equal((await make({ tls: { ca } }).say({ text: "x" })).by, "a");
  assert.equal(server.seen.at(-1)?.authority, "order.rpc");
  assert.equal((await make({ tls: { ca }, baseUrl: "https://order.rpc:8443" }).say({ text: "x" })).by, "a");
  assert.equal(
    (await make({ tls: { ca, servername: "order.rpc" }, baseUrl: "https://other" }).say({ text: "x" })).by,
    "a",
  );
  await assert.rejects(make({ tls: { ca }, baseUrl: "https://other.rpc" }).say({ text: "x" }), /other\.rpc/);
  await assert.rejects(make({ tls: true }).say({ text: "x" }), /certificate|self.signed/i);
});

/** Accepts connections, and ends them in the midst of the handshake. */
async function startHangingUp(end: (socket: Socket) => void) {
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => end(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, kill: async () => server.close() };
}

test("HTTP/1.1: an instance with which TLS does not come about costs no call, and is unavailable where it is alone", async (t) => {
  using authority = new Authority();
  const secure = (name: string, host: string, days = 2) => {
    const { certFile, keyFile } = authority.sign(name.replaceAll(" ", "-"), days, `DNS:${host}`);
    return startTalk(name, {
      http: "1.1",
      tls: { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") },
    });
  };
  const good = await secure("good", "order.rpc");
  const others = [
    await secure("of another name", "other.rpc"),
    await secure("expired", "order.rpc", -1),
    await startTalk("without TLS", { http: "1.1" }),
    await startHangingUp((socket) => socket.end()),
    await startHangingUp((socket) => socket.resetAndDestroy()),
  ];
  const connected = async (...addresses: string[]) => {
    const transport = createRollcallTransport({
      target: `direct:///${addresses.join(",")}`,
      protocol: "connect",
      httpVersion: "1.1",
      tls: { ca: readFileSync(authority.caFile, "utf8") },
      baseUrl: "https://order.rpc",
    });
    t.after(() => transport.close());
    await until(() => transport.stats().ready === addresses.length, "all accept connections");
    return { client: createClient(Talk, transport), transport };
  };
  for (const server of [good, ...others]) t.after(() => server.kill());
  for (const { address } of others) {
    const alone = await connected(address);
    await assert.rejects(alone.client.say({ text: "x" }), { code: Code.Unavailable });
    assert.equal(alone.transport.stats().instances[0]!.state, "connecting", "it has been lost");
    const { client } = await connected(good.address, address);
    for (let calls = 0; calls < 10; calls++) assert.equal((await client.say({ text: "x" })).by, "good");
  }
});
