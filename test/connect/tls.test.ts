import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createRollcallTransport, type RollcallTransportOptions } from "../../src/connect/index.js";
import { Authority } from "../etcd/certificates.js";
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
