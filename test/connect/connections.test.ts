import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2, { type ClientHttp2Session } from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { createServer } from "node:tls";
import { createRollcallTransport } from "../../src/connect/index.js";
import { Authority } from "../etcd/certificates.js";
import { until } from "../support/until.js";
import { fleet } from "./fleet.js";

/** HTTP/2's frame of settings, with none in it. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const LAST_STREAM = 2 ** 31 - 1;

test("a connection that is refused, for TLS agreed on no HTTP/2, is closed", async (t) => {
  using authority = new Authority();
  const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.rpc");
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (socket) => {
    socket.on("error", () => {}).resume();
    socket.write(SETTINGS);
  });
  const open = new Set<Socket>();
  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const transport = createRollcallTransport({
    target: `direct:///127.0.0.1:${port}`,
    protocol: "grpc",
    tls: { ca: readFileSync(authority.caFile) },
    baseUrl: "https://order.rpc",
  });
  t.after(() => transport.close());
  await until(() => /speaks no HTTP\/2/.test(transport.stats().instances[0]?.error ?? ""), "it is refused");
  await until(() => accepted >= 2, "it is dialled again");
  await transport.close();
  await until(() => open.size === 0, "nothing is left open");
});

test("a connection that has no stream numbers left is replaced, and costs no call", async (t) => {
  const sessions: ClientHttp2Session[] = [];
  const { connect } = http2;
  http2.connect = ((...given: Parameters<typeof connect>) => {
    const session = connect(...given);
    sessions.push(session);
    return session;
  }) as typeof connect;
  syncBuiltinESMExports();
  t.after(() => {
    http2.connect = connect;
    syncBuiltinESMExports();
  });
  const { client, transport } = await fleet(t, ["a", "b"]);
  // Node has this, and its types do not.
  for (const session of sessions)
    (session as unknown as { setNextStreamID(id: number): void }).setNextStreamID(LAST_STREAM);
  for (let call = 0; call < 8; call++) await client.say({ text: "x" });
  await until(() => transport.stats().ready === 2 && sessions.length >= 3, "connected again");
});
