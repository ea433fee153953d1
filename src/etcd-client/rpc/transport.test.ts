import assert from "node:assert/strict";
import { once } from "node:events";
import http2, { type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { syncBuiltinESMExports } from "node:module";
import { createServer as createTcpServer, type Socket } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { destroySoon } from "../../async/end-http2.js";
import { hold } from "../../async/hold.js";
import { answer, RpcServer } from "../../testing/rpc-server.js";
import { stall } from "../../testing/stall.js";
import type { Method } from "./call.js";
import { PingPace } from "./ping-pace.js";
import { RpcError, Status } from "./status.js";
import { Transport } from "./transport.js";

const echo: Method<string, string> = {
  path: "/test.Test/Echo",
  requestSerialize: (text) => Buffer.from(text),
  responseDeserialize: (bytes) => bytes.toString(),
};

let server: RpcServer;
const release = hold();

before(async () => {
  server = await RpcServer.start();
});
beforeEach(() => server.sessions.splice(0));
after(async () => {
  await server[Symbol.asyncDispose]();
  release();
});

function connect(pace = new PingPace(), to = server.port): Promise<Transport> {
  const { signal } = new AbortController();
  return Transport.connect({ address: "127.0.0.1", port: to, authority: "etcd:1", timeoutMs: 5_000, signal, pace });
}

interface Outcome {
  readonly messages: string[];
  readonly failure: RpcError | undefined;
}

function call(transport: Transport, request: string, maxAnswerBytes?: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const messages: string[] = [];
    const handlers = {
      message: (text: string) => void messages.push(text),
      end: (failure: RpcError | undefined) => resolve({ messages, failure }),
    };
    const running = transport.call(echo, { token: "t" }, handlers, maxAnswerBytes);
    running.write(request);
    running.endWrites();
  });
}

async function ended(transport: Transport): Promise<void> {
  transport.close(new RpcError(Status.UNAVAILABLE, "done"));
  await transport.ended;
}

test("a call sends its message and metadata and gets messages and status; a large one arrives whole", async () => {
  const large = "x".repeat(5_000_000);
  let seen: IncomingHttpHeaders = {};
  server.serve = (stream, headers) => {
    seen = headers;
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => answer(stream, [Buffer.concat(chunks).subarray(5).toString(), large]));
  };
  const transport = await connect();
  const { messages, failure } = await call(transport, "hello");
  assert.equal(failure, undefined);
  assert.deepEqual([messages[0], messages[1] === large], ["hello", true]);
  assert.deepEqual(
    [seen[":authority"], seen[":path"], seen["content-type"], seen.te, seen.token],
    ["etcd:1", "/test.Test/Echo", "application/grpc", "trailers", "t"],
  );
  await ended(transport);
});

const page = (headers: OutgoingHttpHeaders) => (stream: ServerHttp2Stream) => {
  stream.respond(headers);
  stream.end("<html>");
};

test("every way in which a server ends a call has its status and its words", async () => {
  const transport = await connect();
  const cases: [string, (stream: ServerHttp2Stream) => void, number, RegExp][] = [
    [
      "a status in trailers",
      (s) => answer(s, [], { "grpc-status": "5", "grpc-message": "no%20such%20key %zz" }),
      5,
      /no%20such%20key %zz/,
    ],
    ["an encoded message", (s) => answer(s, [], { "grpc-status": "9", "grpc-message": "a%0Ab" }), 9, /^a\nb$/],
    ["a status with the headers", (s) => s.respond({ "grpc-status": "16" }, { endStream: true }), 16, /reason/],
    ["a number that is none", (s) => s.respond({ "grpc-status": "99" }, { endStream: true }), 2, /reason/],
    ["HTTP 503", (s) => s.respond({ ":status": 503 }, { endStream: true }), 14, /HTTP status 503/],
    ["HTTP 404 with a page", page({ ":status": 404 }), 12, /404/],
    ["a web page", page({ "content-type": "text/html" }), 2, /text\/html/],
    ["a reset", (s) => s.close(2), 13, /INTERNAL_ERROR/],
    ["a refused stream", (s) => s.close(7), 14, /REFUSED_STREAM/],
    ["a cancel", (s) => s.close(8), 1, /CANCEL/],
  ];
  for (const [what, how, code, words] of cases) {
    server.serve = how;
    const { failure } = await call(transport, "x");
    assert.equal(failure?.code, code, what);
    assert.match(failure!.message, words, what);
  }
  await ended(transport);
});

test("an answer longer than allowed ends its call at its first bytes, and no other", async () => {
  server.serve = (stream) => answer(stream, ["x".repeat(1_000_000)]);
  const transport = await connect();
  const [refused, taken] = await Promise.all([call(transport, "x", 999_999), call(transport, "x", 1_000_000)]);
  assert.equal(refused.failure?.code, Status.RESOURCE_EXHAUSTED);
  assert.deepEqual([taken.failure, taken.messages[0]?.length], [undefined, 1_000_000]);
  await ended(transport);
});

test("a server that goes away lets calls under way end, and no new ones begin", async () => {
  const begun = server.nextCall();
  const transport = await connect();
  const running = call(transport, "x");
  const asked = await begun;
  server.sessions[0]!.goaway(0);
  const reason = await transport.ended;
  assert.equal(reason.code, Status.UNAVAILABLE);
  assert.throws(() => transport.call(echo, {}, { message: () => {}, end: () => {} }), reason);
  answer(asked, ["late"]);
  assert.deepEqual(await running, { messages: ["late"], failure: undefined });
});

test("a connection that is cut ends its calls as UNAVAILABLE", async () => {
  const begun = server.nextCall();
  const transport = await connect();
  const running = call(transport, "x");
  await begun;
  server.sessions[0]!.destroy();
  assert.equal((await running).failure?.code, Status.UNAVAILABLE);
  assert.equal((await transport.ended).code, Status.UNAVAILABLE);
});

test("too many pings, says the server: the pace is slowed down", async () => {
  server.serve = () => {};
  const pace = new PingPace(7_000);
  const transport = await connect(pace);
  void call(transport, "x");
  await new Promise(setImmediate);
  server.sessions[0]!.goaway(11, 0, Buffer.from("too_many_pings"));
  const reason = await transport.ended;
  assert.match(reason.message, /too_many_pings/);
  assert.equal(pace.intervalMs, 14_000);
});

test("a side that neither closes nor answers is found by pings; one that answers them is kept", async () => {
  // A relay that can stop passing anything on, as a frozen host or a half-open connection does.
  const sockets = new Set<Socket>();
  const { connect: dial } = await import("node:net");
  const relay = createTcpServer((client) => {
    const upstream = dial(server.port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const begun = server.nextCall();
  const transport = await connect(new PingPace(20), (relay.address() as { port: number }).port);
  const running = call(transport, "x");
  await begun;
  let pings = 0;
  await new Promise<void>((resolve) => {
    server.sessions[0]!.on("ping", () => {
      pings += 1;
      if (pings === 3) resolve();
    });
  });
  for (const socket of sockets) socket.unpipe();
  const { failure } = await running;
  assert.equal(failure?.code, Status.UNAVAILABLE);
  assert.match(failure!.message, /pings/);
  for (const socket of sockets) socket.destroy();
  relay.close();
});

test("a session that Node has destroyed is not pinged while its end is yet to be told", async (t) => {
  let session!: http2.ClientHttp2Session;
  const { connect: connectHttp2 } = http2;
  const observed = t.mock.method(http2, "connect", (...given: Parameters<typeof connectHttp2>) => {
    session = connectHttp2(...given);
    return session;
  });
  syncBuiltinESMExports();
  t.after(() => {
    observed.mock.restore();
    syncBuiltinESMExports();
  });
  const begun = server.nextCall();
  const pace = new PingPace(20);
  const transport = await connect(pace);
  const running = call(transport, "x");
  await begun;
  destroySoon(session);
  await new Promise<void>((resolve) => {
    setImmediate(() => {
      // Busy until the next ping is due, so that its timer comes before the socket's end.
      for (const end = performance.now() + 2 * pace.intervalMs; performance.now() < end; );
      resolve();
    });
  });
  assert.equal((await running).failure?.code, Status.UNAVAILABLE);
  await ended(transport);
});

test("a port that is closed, speaks no HTTP/2 or stays silent is told apart", async () => {
  const speak = async (onConnection: (socket: Socket) => void) => {
    const tcp = createTcpServer((socket) => {
      socket.on("error", () => {});
      onConnection(socket);
    });
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const { signal } = new AbortController();
    const at = { address: "127.0.0.1", port: (tcp.address() as { port: number }).port };
    try {
      await Transport.connect({ ...at, authority: "x", timeoutMs: 300, signal, pace: new PingPace() });
      throw new Error("it was connected to");
    } catch (error) {
      return (error as Error).message;
    } finally {
      tcp.close();
    }
  };
  assert.match(await speak((socket) => socket.end()), /without a word/);
  assert.match(await speak((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")), /Protocol error/i);
  const silent: Socket[] = [];
  assert.match(await speak((socket) => void silent.push(socket)), /does not answer within 300 ms/);
  for (const socket of silent) socket.destroy();
  await assert.rejects(connect(new PingPace(), 1), /ECONNREFUSED/);
});

test("an abort ends the dial and leaves no connection behind", async () => {
  const sockets: Socket[] = [];
  const connected = new Promise<Socket>((resolve) => {
    const tcp = createTcpServer((socket) => {
      sockets.push(socket);
      resolve(socket);
    });
    tcp.listen(0, "127.0.0.1", async () => {
      const { port: to } = tcp.address() as { port: number };
      const abort = new AbortController();
      const options = { address: "127.0.0.1", port: to, authority: "x", timeoutMs: 60_000, pace: new PingPace() };
      const dialling = Transport.connect({ ...options, signal: abort.signal });
      await connected;
      abort.abort(new Error("closed"));
      await assert.rejects(dialling, /closed/);
      tcp.close();
    });
  });
  const socket = await connected;
  socket.resume();
  await once(socket, "close");
});

test("a stall of this process at its start is no silence of etcd's", async () => {
  const { signal } = new AbortController();
  const connecting = Transport.connect({
    address: "127.0.0.1",
    port: server.port,
    authority: "etcd:1",
    timeoutMs: 200,
    signal,
    pace: new PingPace(),
  });
  stall(300);
  await ended(await connecting);
});
