import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http2, { type ClientHttp2Session } from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from "node:net";
import { test } from "node:test";
import { createServer } from "node:tls";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createRollcallTransport } from "../../src/connect/index.js";
import { Authority } from "../etcd/certificates.js";
import { startBlackHole } from "../support/network/black-hole.js";
import { startSwallowingPort } from "../support/network/swallowing-port.js";
import { until } from "../support/until.js";
import { fleet } from "./fleet.js";
import { startTalk } from "./talk-server.js";
import { Talk } from "./talk-service.js";
import { texts } from "./words.js";

/** The way to a host, that can lead nowhere all at once. */
async function startWay(address: string) {
  const sockets = new Set<Socket>();
  const [host, port] = address.split(":");
  const server = createTcpServer((near) => {
    const far = connectTcp(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from.on("error", () => {}));
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    vanish: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

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

for (const streams of [undefined, 2]) {
  const used = streams ? ", also when they use all streams that it takes" : "";
  test(`calls without a deadline end when the host of their connection has vanished${used}`, async (t) => {
    const server = await startTalk("a", { streams });
    const way = await startWay(server.address);
    const transport = createRollcallTransport({ target: `direct:///${way.address}`, protocol: "grpc" });
    t.after(async () => {
      way.stop();
      await server.kill();
      await transport.close();
    });
    const client = createClient(Talk, transport);
    await client.say({ text: "x" });
    const calls = [client.say({ text: "hang" }), texts(client.tell({ text: "endless", waitMs: 60_000 }))];
    for (const call of calls) call.catch(() => {});
    await until(() => server.calls === 3, "they run");
    way.vanish();
    for (const call of calls) {
      await assert.rejects(
        call,
        (error: ConnectError) => error.code === Code.Unavailable && /no answer/.test(error.message),
      );
    }
  });
}

test("a server that takes no more calls at a time is not thought dead, however long they take", async (t) => {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 1 } }, (request, response) => {
    setTimeout(() => response.writeHead(200, { "content-type": "application/proto" }).end(), 11_000);
    request.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const transport = createRollcallTransport({ target: `direct:///127.0.0.1:${port}`, protocol: "connect" });
  t.after(() => transport.close().then(() => server.close()));
  assert.equal((await createClient(Talk, transport).say({ text: "x" })).text, "");
});

test("HTTP/1.1: a connection that nobody answers within connectMs is given up, and its call made elsewhere", async (t) => {
  const { client, servers } = await fleet(t, ["gone", "b"], { httpVersion: "1.1", connectMs: 2_000 }, { http: "1.1" });
  const [gone] = servers;
  await gone!.kill();
  const swallowing = await startSwallowingPort(Number(gone!.address.split(":")[1]));
  t.after(() => swallowing.stop());
  const calls = Array.from({ length: 8 }, () => client.say({ text: "x" }, { timeoutMs: 30_000 }));
  for (const { by } of await Promise.all(calls)) assert.equal(by, "b");
});

test("HTTP/1.1: a TLS handshake that nobody answers within connectMs is given up, and its call is unavailable", async (t) => {
  const hole = await startBlackHole();
  const transport = createRollcallTransport({
    target: `direct:///${hole.address}`,
    protocol: "connect",
    httpVersion: "1.1",
    tls: true,
    connectMs: 500,
  });
  t.after(() => transport.close().then(() => hole.stop()));
  const call = createClient(Talk, transport).say({ text: "x" }, { timeoutMs: 30_000 });
  await assert.rejects(
    call,
    (error: ConnectError) => error.code === Code.Unavailable && /nobody answered/.test(error.rawMessage),
  );
  await until(() => hole.open() === 0, "nothing is left open");
});

test("HTTP/1.1: a connection that idles is left before its server ends it, which would cost the call that it meets", async (t) => {
  let left = (_: unknown) => {};
  const leaves = new Promise((resolve) => {
    left = resolve;
  });
  // It ends no connection itself.
  const server = createTcpServer((socket) => {
    socket
      .on("error", () => {})
      .once("data", () => {
        socket.once("end", left);
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n");
        socket.write("Connection: keep-alive\r\nKeep-Alive: timeout=2\r\n\r\n{}");
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const transport = createRollcallTransport({
    target: `direct:///127.0.0.1:${(server.address() as AddressInfo).port}`,
    protocol: "connect",
    httpVersion: "1.1",
    useBinaryFormat: false,
  });
  t.after(() => transport.close());
  await createClient(Talk, transport).say({ text: "x" });
  await leaves;
});
