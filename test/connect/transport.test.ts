import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { type Client, Code, type ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import {
  createRollcallTransport,
  type RollcallTransport,
  type RollcallTransportOptions,
} from "../../src/connect/index.js";
import { Authority } from "../etcd/certificates.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";
import { startTalk, type TalkServer, type TalkServerOptions } from "./talk-server.js";
import { Talk } from "./talk-service.js";

const registry = new FixtureRegistry("connect-fixture");
const PROTOCOLS = ["connect", "grpc", "grpc-web"] as const;
let services = 0;

interface Fleet {
  readonly servers: TalkServer[];
  readonly service: string;
  readonly transport: RollcallTransport;
  readonly client: Client<typeof Talk>;
}

/** Servers, listed, and a client of them whose connections stand. */
async function fleet(
  t: TestContext,
  names: readonly string[],
  options: Partial<RollcallTransportOptions> = {},
  serverOptions: TalkServerOptions = {},
): Promise<Fleet> {
  services += 1;
  const service = `fleets/talk-${services}.rpc`;
  const servers = await Promise.all(names.map((name) => startTalk(name, serverOptions)));
  registry.list(
    service,
    servers.map(({ address }) => address),
  );
  const transport = createRollcallTransport({ target: registry.target(service), protocol: "connect", ...options });
  t.after(async () => {
    await Promise.all(servers.map((server) => server.kill().catch(() => {})));
    await transport.close();
  });
  await until(() => transport.stats().ready === servers.length, "all are connected");
  return { servers, service, transport, client: createClient(Talk, transport) };
}

async function* words(...texts: string[]) {
  for (const text of texts) yield { text };
}

async function texts(answers: AsyncIterable<{ text: string }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text } of answers) all.push(text);
  return all;
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: calls of all four kinds are made, to the service's name, and shared among the instances`, async (t) => {
    const { client, servers, transport } = await fleet(t, ["a", "b", "c"], { protocol });
    for (const server of servers) server.delayMs = 5;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        assert.equal((await client.say({ text: "hello" })).text, "hello");
        assert.deepEqual(await texts(client.tell({ text: "t" })), ["t0", "t1", "t2"]);
        assert.equal((await client.gather(words("x", "y", "z"))).text, "xyz");
        assert.deepEqual(await texts(client.chat(words("x", "y"))), ["x", "y"]);
      }),
    );
    for (const { name, calls } of servers) assert.ok(calls > 8, `${name} had ${calls} of 80 calls`);
    const names = new Set(servers.flatMap(({ seen }) => seen.map(({ authority }) => authority)));
    assert.deepEqual([...names], [`talk-${services}.rpc`]);
    assert.deepEqual(
      transport.stats().instances.map(({ inFlight }) => inFlight),
      [0, 0, 0],
    );
  });
}

test("HTTP/1.1 serves the Connect protocol, by keep-alive connections", async (t) => {
  const { client, servers } = await fleet(t, ["a", "b"], { httpVersion: "1.1" }, { http: "1.1" });
  for (const server of servers) server.delayMs = 5;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 5; i++) {
        assert.equal((await client.say({ text: "hello" })).text, "hello");
        assert.deepEqual(await texts(client.tell({ text: "t" })), ["t0", "t1", "t2"]);
      }
    }),
  );
  for (const { name, calls } of servers) assert.ok(calls > 10, `${name} had ${calls} of 80 calls`);
  assert.match(servers[0]!.seen[0]!.authority, /^talk-\d+\.rpc$/);
});

test("HTTP/1.1: an instance that is gone gets nothing until it is back", async (t) => {
  const { client, servers, transport } = await fleet(t, ["a", "b"], { httpVersion: "1.1" }, { http: "1.1" });
  const [gone] = servers;
  await gone!.kill();
  let failed = 0;
  for (let i = 0; i < 50; i++) {
    await client.say({ text: "x" }).catch(() => {
      failed += 1;
    });
  }
  assert.ok(failed <= 1, `${failed} of 50 failed`);
  const back = await startTalk("back", { http: "1.1", port: Number(gone!.address.split(":")[1]) });
  t.after(() => back.kill());
  await until(() => transport.stats().ready === 2, "it is back");
});

test("an instance that is slow gets few calls", async (t) => {
  const { client, servers } = await fleet(t, ["slow", "b", "c"]);
  servers[0]!.delayMs = 100;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let i = 0; i < 50; i++) await client.say({ text: "x" });
    }),
  );
  assert.ok(servers[0]!.calls < 40, `the slow one had ${servers[0]!.calls} of 200`);
});

test("interceptors run once for each call, and see its URL by the service's name", async (t) => {
  const urls: string[] = [];
  const interceptor: Interceptor = (next) => (request) => {
    urls.push(request.url);
    request.header.set("x-added", "1");
    return next(request);
  };
  const { client, servers } = await fleet(t, ["a", "b"], { interceptors: [interceptor] });
  // One refuses new requests on the connection it has: of two calls at once, one meets it and is made again elsewhere.
  servers[0]!.goAway();
  const said = await Promise.all([client.say({ text: "x" }), client.say({ text: "y" })]);
  assert.deepEqual(
    said.map(({ text }) => text),
    ["x", "y"],
  );
  const url = `http://talk-${services}.rpc/talk.Talk/Say`;
  assert.deepEqual(urls, [url, url]);
});

test("errors keep their code, and those of an instance lower its share", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client, transport } = await fleet(t, ["a"], { protocol });
    const failureRate = () => transport.stats().instances[0]!.failureRate;
    await assert.rejects(client.say({ text: "not found" }), { code: Code.NotFound, rawMessage: "as asked" });
    assert.equal(failureRate(), 0, "an answer is no failure");
    await assert.rejects(client.say({ text: "fail" }), { code: Code.Internal, rawMessage: "as asked" });
    assert.ok(failureRate() > 0, `${protocol}: ${failureRate()}`);
    await assert.rejects(texts(client.chat(words("a", "fail"))), { code: Code.Internal });
    assert.equal(transport.stats().instances[0]!.inFlight, 0);
  }
});

test("a deadline ends a call, unary or streamed, and counts against the instance", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client, transport } = await fleet(t, ["a"], { protocol });
    await assert.rejects(client.say({ text: "hang" }, { timeoutMs: 30 }), { code: Code.DeadlineExceeded });
    assert.ok(transport.stats().instances[0]!.failureRate > 0);
    await assert.rejects(texts(client.chat(words("a", "hang"), { timeoutMs: 30 })), { code: Code.DeadlineExceeded });
    assert.equal(transport.stats().instances[0]!.inFlight, 0);
  }
});

test("a call's timeout of 0 is no limit, whatever the default is; without one the default counts", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client } = await fleet(t, ["a"], { protocol, defaultTimeoutMs: 100 });
    assert.equal((await client.say({ text: "x", waitMs: 300 }, { timeoutMs: 0 })).text, "x", protocol);
    await assert.rejects(client.say({ text: "hang" }), { code: Code.DeadlineExceeded });
  }
});

test("the time that servers are told is a whole number of milliseconds", async (t) => {
  for (const protocol of PROTOCOLS) {
    const { client, servers } = await fleet(t, ["a"], { protocol });
    await client.say({ text: "x" }, { timeoutMs: 5000.25 });
    await texts(client.tell({ text: "x" }, { timeoutMs: 0.1 })).catch(() => {});
    const [first] = servers[0]!.seen;
    assert.match(first!.timeout, /^(500[01]|49\d\d)m?$/);
    for (const { timeout } of servers[0]!.seen) assert.match(timeout, /^\d+m?$/);
  }
});

test("a caller that gives up is no failure of the instance, and the instance hears of it", async (t) => {
  const { client, transport, servers } = await fleet(t, ["a"], { protocol: "grpc" });
  const abort = new AbortController();
  const call = client.say({ text: "hang" }, { signal: abort.signal });
  await until(() => servers[0]!.calls === 1, "it runs");
  abort.abort();
  await assert.rejects(call, { code: Code.Canceled });
  await until(() => servers[0]!.broken === 1, "the server knows");
  assert.equal(transport.stats().instances[0]!.failureRate, 0);
  assert.equal(transport.stats().instances[0]!.inFlight, 0);
});

test("a reader that breaks off frees the instance when its signal aborts or its deadline passes", async (t) => {
  const { client, transport } = await fleet(t, ["a"]);
  const inFlight = () => transport.stats().instances[0]!.inFlight;
  const abort = new AbortController();
  for await (const _ of client.tell({ text: "endless" }, { signal: abort.signal })) break;
  assert.equal(inFlight(), 1);
  abort.abort();
  assert.equal(inFlight(), 0);
  for await (const _ of client.tell({ text: "endless" }, { timeoutMs: 100 })) break;
  await until(() => inFlight() === 0, "its deadline frees it");
});

test("headers that nobody reads on after count as nothing", async (t) => {
  const { transport } = await fleet(t, ["a"]);
  const abort = new AbortController();
  const answer = await transport.stream(Talk.method.tell, abort.signal, undefined, {}, words("endless"));
  assert.equal(answer.header.get("content-type"), "application/connect+proto");
  abort.abort();
  const [instance] = transport.stats().instances;
  assert.equal(instance!.inFlight, 0);
  assert.equal(instance!.expectedMs, 0);
  assert.equal(instance!.failureRate, 0);
});

test("while nobody is listed calls wait, and are told why when their time is over", async (t) => {
  const service = "talk-nobody.rpc";
  registry.list(service, []);
  const transport = createRollcallTransport({ target: registry.target(service), protocol: "connect" });
  t.after(() => transport.close());
  const client = createClient(Talk, transport);
  await until(() => transport.stats().listed === 0, "the registry has answered");
  await assert.rejects(client.say({ text: "x" }, { timeoutMs: 50 }), (error: ConnectError) => {
    assert.equal(error.code, Code.DeadlineExceeded);
    assert.match(error.rawMessage, /no instance of "talk-nobody.rpc" is listed/);
    return true;
  });
  const abort = new AbortController();
  const given = client.say({ text: "x" }, { signal: abort.signal });
  abort.abort();
  await assert.rejects(given, { code: Code.Canceled });
  const waiting = client.say({ text: "x" });
  const server = await startTalk("late");
  t.after(() => server.kill());
  registry.list(service, [server.address]);
  assert.equal((await waiting).by, "late");
});

test("where nobody can be connected to, calls fail as unavailable and say why", async (t) => {
  const { servers, client, transport } = await fleet(t, ["a"]);
  await servers[0]!.kill();
  await until(() => transport.stats().ready === 0, "it is gone");
  await assert.rejects(client.say({ text: "x" }), (error: ConnectError) => {
    assert.equal(error.code, Code.Unavailable);
    assert.match(error.rawMessage, /none of the 1 instance.*ECONNREFUSED/);
    return true;
  });
});

test("a server that says GOAWAY loses no call of any kind", async (t) => {
  const { client, servers } = await fleet(t, ["a", "b"]);
  const failed: unknown[] = [];
  let calls = 0;
  let calling = true;
  const callers = Array.from({ length: 8 }, async (_, at) => {
    while (calling && failed.length === 0) {
      const call =
        at % 2 === 0
          ? client.say({ text: "x", waitMs: 1 })
          : at % 4 === 1
            ? texts(client.tell({ text: "t" }))
            : texts(client.chat(words("x", "y")));
      await call.then(
        () => {
          calls += 1;
        },
        (error) => failed.push(error),
      );
    }
  });
  try {
    for (let round = 0; round < 10; round++) {
      const before = calls;
      await until(() => failed.length > 0 || calls > before + 50, "calls are made");
      servers[round % 2]!.goAway();
    }
  } finally {
    calling = false;
  }
  await Promise.all(callers);
  assert.deepEqual(failed, []);
});

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

test("what cannot be obeyed is refused by name", () => {
  const make = (options: object) => () =>
    createRollcallTransport({ target: "direct:///127.0.0.1:1", protocol: "connect", ...options });
  assert.throws(make({ protocol: "http" }), /protocol is "http"; expected connect, grpc, grpc-web/);
  assert.throws(make({ protocol: "grpc", httpVersion: "1.1" }), /httpVersion is "1.1"; expected "2", which gRPC needs/);
  assert.throws(make({ baseUrl: "order.rpc" }), /baseUrl is "order.rpc"; expected a URL/);
  assert.throws(make({ baseURL: "http://a" }), /no option "baseURL": did you mean baseUrl\?/);
  assert.throws(make({ target: undefined }), /the target is undefined; expected a URL/);
  assert.throws(make({ interceptors: [1] }), /interceptors is a list; expected a list of functions/);
  assert.throws(make({ defaultTimeoutMs: "5" }), /defaultTimeoutMs is "5"; expected milliseconds/);
  assert.throws(() => createRollcallTransport(undefined as never), /the transport takes its options by name/);
  const shows = (part: string) => (error: Error) => error instanceof TypeError && error.message.includes(part);
  const hidden = (check: (error: Error) => boolean) => (error: Error) => check(error) && !/PRIVATE/.test(error.message);
  assert.throws(make({ tls: { key: "PRIVATE" }, baseUrl: "http://a" }), hidden(shows("tls is an object")));
  assert.throws(make({ tls: "PRIVATE" }), hidden(shows("tls is none of what it may be")));
  assert.throws(make({ tls: true, baseUrl: "http://user:PRIVATE@a" }), hidden(shows("http://user:...@a")));
  assert.throws(make({ baseUrl: "http://order.rpc", tls: true }), /tls is true/);
  assert.throws(make({ interceptor: [] }), /no option "interceptor": did you mean interceptors\?/);
  assert.throws(make({ target: "nobody:///a:1" }), /no backend is called "nobody"/);
  assert.throws(make({ sendCompression: "gzip" }), /sendCompression is "gzip"; expected a compression such as/);
  assert.throws(make({ acceptCompression: ["gzip"] }), /acceptCompression is a list; expected a list, each/);
  assert.throws(make({ readMaxBytes: -1 }), /readMaxBytes is -1; expected bytes/);
  assert.throws(make({ writeMaxBytes: "1mb" }), /writeMaxBytes is "1mb"/);
  assert.throws(make({ useBinaryFormat: "no" }), /useBinaryFormat is "no"; expected true or false/);
  assert.throws(make({ jsonOptions: 5 }), /jsonOptions is 5/);
});
