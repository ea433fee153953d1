import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { outcomeOfStatus, type RollcallInterceptor, rollcallInterceptor } from "../../src/undici/index.js";
import { Authority } from "../etcd/certificates.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { freePort } from "../support/network/ports.js";
import { until } from "../support/until.js";

type Undici = typeof import("undici");

const registry = new FixtureRegistry("undici-fixture");
let services = 0;

/** What runs on this Node: its version, and the requests it makes through an interceptor. */
interface Contestant {
  readonly name: string;
  readonly undici: Undici;
  /** Node's own fetch instead of that of the package. */
  readonly global: boolean;
}

const contestants: Contestant[] = [];
for (const major of [6, 7, 8]) {
  const folder = major === 7 ? "undici" : `undici${major}`;
  const { engines, version } = JSON.parse(readFileSync(`node_modules/${folder}/package.json`, "utf8"));
  const [need, minor] = /(\d+)\.(\d+)/.exec(engines.node)!.slice(1).map(Number) as [number, number];
  const [node, nodeMinor] = process.versions.node.split(".").map(Number) as [number, number];
  if (node < need || (node === need && nodeMinor < minor)) {
    test(`undici ${version}`, { skip: `it needs Node ${engines.node}` }, () => {});
    continue;
  }
  const undici = (await import(folder)) as Undici;
  contestants.push({ name: `undici ${version}`, undici, global: false });
  // The handlers of Node's fetch are those of the undici it is made of; dispatchers of 8 take only newer ones.
  if (major < 8) contestants.push({ name: `Node's fetch through undici ${version}`, undici, global: true });
}

interface HttpServer {
  readonly server: Server;
  readonly address: string;
  readonly requests: { host: string; url: string; method: string; body: string }[];
  status: number;
  delayMs: number;
  close(): void;
}

async function startHttp(name: string, port = 0, tls?: { key: string; cert: string }): Promise<HttpServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    http.requests.push({ host: request.headers.host ?? "", url: request.url!, method: request.method!, body });
    if (request.url === "/hang") return;
    if (http.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, http.delayMs));
    response.statusCode = http.status;
    response.end(name);
  };
  const server = (tls ? createSecureServer(tls, answer) : createServer(answer)) as Server;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const http: HttpServer = {
    server,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    status: 200,
    delayMs: 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return http;
}

/** Accepts connections and ends them. */
async function startEnding(): Promise<Pick<HttpServer, "address" | "close">> {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

interface Fleet {
  readonly servers: HttpServer[];
  readonly interceptor: RollcallInterceptor;
  readonly service: string;
  fetch(path: string, init?: RequestInit & { duplex?: "half" }): Promise<{ status: number; text: string }>;
}

async function fleet(t: TestContext, { undici, global }: Contestant, count: number, options = {}): Promise<Fleet> {
  services += 1;
  const service = `order-${services}.http`;
  const servers = await Promise.all(Array.from({ length: count }, (_, at) => startHttp(String(at))));
  registry.list(
    service,
    servers.map(({ address }) => address),
  );
  const interceptor = rollcallInterceptor(registry.target(service), options);
  const agent = new undici.Agent();
  const dispatcher = agent.compose(interceptor);
  t.after(async () => {
    for (const server of servers) server.close();
    await interceptor.close();
    await agent.destroy();
  });
  await until(() => interceptor.stats().ready === count, "all are connected");
  const own = (global ? fetch : undici.fetch) as unknown as (url: string, init: object) => Promise<Response>;
  return {
    servers,
    interceptor,
    service,
    fetch: async (path, init = {}) => {
      const answer = await own(`http://order.http${path}`, { ...init, dispatcher });
      return { status: answer.status, text: await answer.text() };
    },
  };
}

for (const contestant of contestants) {
  const { name, undici, global } = contestant;

  test(`${name}: requests are shared, and servers see the host and path of the URL`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 3);
    for (const server of servers) server.delayMs = 5;
    await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const { status, text } = await fetch(`/orders/${at}?full=1`);
        assert.equal(status, 200);
        assert.match(text, /^[012]$/);
      }),
    );
    for (const { requests } of servers) {
      assert.ok(requests.length > 5, `${requests.length} of 60`);
      for (const { host, url } of requests) {
        assert.equal(host, "order.http");
        assert.match(url, /^\/orders\/\d+\?full=1$/);
      }
    }
    for (const { inFlight } of interceptor.stats().instances) assert.equal(inFlight, 0);
  });

  test(`${name}: bodies are sent, strings and streams, and a Host of the caller's own stays`, async (t) => {
    const { fetch, servers } = await fleet(t, contestant, 1);
    await fetch("/", { method: "POST", body: "hello" });
    const stream = Readable.toWeb(Readable.from(["a", "b"].map((text) => Buffer.from(text)))) as unknown as string;
    await fetch("/", { method: "PUT", body: stream, duplex: "half" });
    assert.deepEqual(
      servers[0]!.requests.map(({ method, body }) => [method, body]),
      [
        ["POST", "hello"],
        ["PUT", "ab"],
      ],
    );
  });

  test(`${name}: an instance that nobody listens at any more costs no request, body included`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 3);
    servers[0]!.close();
    await once(servers[0]!.server, "close");
    for (let i = 0; i < 40; i++) assert.equal((await fetch("/", { method: "POST", body: "x" })).status, 200);
    assert.equal(interceptor.stats().ready, 2);
    const back = await startHttp("back", Number(servers[0]!.address.split(":")[1]));
    servers.push(back);
    await until(() => interceptor.stats().ready === 3, "it is back");
  });

  test(`${name}: an instance that answers 500 or 429 gets few requests`, async (t) => {
    for (const status of [500, 429]) {
      const { fetch, servers } = await fleet(t, contestant, 3);
      servers[0]!.status = status;
      for (const server of servers) server.delayMs = 2;
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let i = 0; i < 50; i++) await fetch("/");
        }),
      );
      assert.ok(servers[0]!.requests.length < 40, `${servers[0]!.requests.length} of 200 with ${status}`);
    }
  });

  test(`${name}: while nobody is listed requests wait, can be aborted, and are told why`, async (t) => {
    const { fetch, service, interceptor, servers } = await fleet(t, contestant, 0, { waitMs: 3_000 });
    await until(() => interceptor.stats().listed === 0, "the registry has answered");
    const abort = new AbortController();
    const aborted = fetch("/", { signal: abort.signal });
    await until(() => interceptor.stats().waiting === 1, "it waits");
    abort.abort();
    await assert.rejects(aborted, { name: "AbortError" });
    await until(() => interceptor.stats().waiting === 0, "it waits no more");
    const waiting = fetch("/");
    await until(() => interceptor.stats().waiting === 1, "another waits");
    servers.push(await startHttp("late"));
    registry.list(service, [servers[0]!.address]);
    assert.equal((await waiting).text, "late");
  });

  test(`${name}: when the wait is over the error names the service, the registry and the reason`, async (t) => {
    const { fetch, interceptor } = await fleet(t, contestant, 0, { waitMs: 30 });
    await until(() => interceptor.stats().listed === 0, "the registry has answered");
    await assert.rejects(fetch("/"), (error: Error) => /no instance of "order-.*" is listed/.test(`${error.cause}`));
  });

  test(`${name}: a caller that gives up is no failure of the instance, a broken connection is`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 1);
    const abort = new AbortController();
    const hanging = fetch("/hang", { signal: abort.signal });
    await until(() => servers[0]!.requests.length === 1, "it is being served");
    abort.abort();
    await assert.rejects(hanging, { name: "AbortError" });
    const [instance] = interceptor.stats().instances;
    assert.equal(instance!.failureRate, 0);
    assert.equal(instance!.inFlight, 0);
    const broken = fetch("/hang");
    await until(() => servers[0]!.requests.length === 2, "it is being served");
    servers[0]!.server.closeAllConnections();
    await assert.rejects(broken, /fetch failed/);
    assert.ok(interceptor.stats().instances[0]!.failureRate > 0);
  });

  test(`${name}: whatever a caller aborts with is its own affair, and ends the request`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 1);
    for (const [at, reason] of [new Error("mine"), "a text", 5, {}, null].entries()) {
      const abort = new AbortController();
      const hanging = fetch("/hang", { signal: abort.signal });
      hanging.catch(() => {});
      await until(() => servers[0]!.requests.length === at + 1, "it is being served");
      abort.abort(reason);
      await assert.rejects(hanging);
      const [instance] = interceptor.stats().instances;
      assert.deepEqual([instance!.failureRate, instance!.inFlight], [0, 0], String(reason));
    }
    const late = fetch("/hang", { signal: AbortSignal.timeout(20) });
    await assert.rejects(late, { name: "TimeoutError" });
    assert.ok(interceptor.stats().instances[0]!.failureRate > 0, "running out of time is the instance's doing");
  });

  test(`${name}: an instance with which TLS does not come about costs no request, body included`, async (t) => {
    using authority = new Authority();
    const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.http");
    const { certFile: otherCert, keyFile: otherKey } = authority.sign("other", 3, "DNS:other.http");
    const secure = (name: string, cert: string, key: string) =>
      startHttp(name, 0, { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") });
    const servers = [
      await secure("good", certFile, keyFile),
      await secure("of another name", otherCert, otherKey),
      await startHttp("without TLS"),
      await startEnding(),
    ];
    for (const server of servers) t.after(() => server.close());
    const agent = new undici.Agent({ connect: { ca: readFileSync(authority.caFile, "utf8") } });
    const own = (global ? fetch : undici.fetch) as unknown as (url: string, init: object) => Promise<Response>;
    t.after(() => agent.destroy());
    const [good, ...others] = servers as [HttpServer, ...HttpServer[]];
    for (const bad of others) {
      const interceptor = rollcallInterceptor(`direct:///${good.address},${bad.address}`);
      const dispatcher = agent.compose(interceptor);
      await until(() => interceptor.stats().ready === 2, "both accept connections");
      for (let i = 0; i < 10; i++) {
        const body = i % 2 ? "text" : Readable.toWeb(Readable.from(["te", "xt"]));
        const answer = await own("https://order.http/", { method: "POST", body, duplex: "half", dispatcher });
        assert.equal(await answer.text(), "good");
      }
      await interceptor.close();
    }
    assert.ok(good.requests.every(({ body }) => body === "text"));
  });

  test(`${name}: TLS verifies the name in the URL, whatever address is dialled`, async (t) => {
    using authority = new Authority();
    const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.http");
    const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
    const server = await startHttp("secure", 0, tls);
    const agent = new undici.Agent({ connect: { ca: readFileSync(authority.caFile, "utf8") } });
    const interceptor = rollcallInterceptor(`direct:///${server.address}`);
    const dispatcher = agent.compose(interceptor);
    t.after(async () => {
      server.close();
      await interceptor.close();
      await agent.destroy();
    });
    const own = (global ? fetch : undici.fetch) as unknown as (url: string, init: object) => Promise<Response>;
    assert.equal(await (await own("https://order.http/", { dispatcher })).text(), "secure");
    assert.equal(server.requests[0]?.host, "order.http");
    await assert.rejects(own("https://other.http/", { dispatcher }), (error: Error) =>
      /altnames/.test(`${error.cause}`),
    );
  });

  if (global) continue;

  test(`${name}: request() is balanced as well, and requests to other origins pass by`, async (t) => {
    const { servers, service } = await fleet(t, contestant, 2);
    const interceptor = rollcallInterceptor(registry.target(service), { origins: ["http://order.http"] });
    const agent = new undici.Agent();
    const dispatcher = agent.compose(interceptor);
    t.after(async () => {
      await interceptor.close();
      await agent.destroy();
    });
    const { body, statusCode } = await undici.request("http://order.http/r", {
      dispatcher,
      headers: { Host: "mine.example", "x-a": "1" },
    });
    assert.equal(statusCode, 200);
    assert.match(await body.text(), /^[01]$/);
    assert.equal(servers.flatMap(({ requests }) => requests)[0]?.host, "mine.example");
    const other = await startHttp("other");
    t.after(() => other.close());
    const answer = await undici.request(`http://${other.address}/`, { dispatcher });
    assert.equal(await answer.body.text(), "other");
    await assert.rejects(
      undici.request("http://order.http", { dispatcher, method: "POST", body: 5 } as object),
      /body/,
    );
  });
}

for (const { name, undici, global } of contestants) {
  if (global) continue;
  test(`${name}: what undici refuses, and a body that fails by itself, is no failure of the instance`, async (t) => {
    const server = await startHttp("one");
    t.after(() => server.close());
    const interceptor = rollcallInterceptor(`direct:///${server.address}`);
    t.after(() => interceptor.close());
    const agent = new undici.Agent();
    t.after(() => agent.destroy());
    const dispatcher = agent.compose(interceptor);
    const unreadable = () =>
      new Readable({
        read() {
          this.destroy(new Error("the disk is gone"));
        },
      });
    for (const [options, expected] of [
      [{ headers: { "not a name": "x" } }, /invalid header/],
      [{ headers: { expect: "100-continue" } }, /not supported/],
      [{ method: "POST", body: "x", headers: { "content-length": "5" } }, /length/],
      [{ method: "POST", body: unreadable() }, /the disk is gone/],
    ] as const) {
      await assert.rejects(undici.request("http://order.http/", { dispatcher, ...options }), expected);
    }
    const [instance] = interceptor.stats().instances;
    assert.deepEqual([instance!.failureRate, instance!.inFlight, instance!.state], [0, 0, "serving"]);
  });

  // From 8 on they name their own.
  if (name.startsWith("undici 8")) continue;
  test(`${name}: a request without an origin, as those of a Client or a Pool are, is refused`, async (t) => {
    const interceptor = rollcallInterceptor("direct:///127.0.0.1:1");
    t.after(() => interceptor.close());
    for (const kind of ["Client", "Pool"] as const) {
      const dispatcher = new undici[kind]("http://127.0.0.1:1").compose(interceptor as never);
      await assert.rejects(dispatcher.request({ path: "/", method: "GET" }), /names no origin: .*new Agent\(\)/);
    }
  });
}

test("an instance that cannot be connected to is not in use, and is when it can", async (t) => {
  const port = await freePort();
  const interceptor = rollcallInterceptor(`direct:///127.0.0.1:${port}`);
  t.after(() => interceptor.close());
  await until(() => interceptor.stats().instances[0]?.error !== undefined, "it has been dialled");
  assert.equal(interceptor.stats().ready, 0);
  const server = await startHttp("late", port);
  t.after(() => server.close());
  await until(() => interceptor.stats().ready === 1, "it can be used");
});

for (const { name, undici, global } of contestants) {
  if (global) continue;
  test(`${name}: a function of the application's own that throws costs no request`, async (t) => {
    const server = await startHttp("one");
    t.after(() => server.close());
    const boom = () => {
      throw new Error("boom");
    };
    const interceptor = rollcallInterceptor(`direct:///${server.address}`, { outcome: boom, kind: boom });
    t.after(() => interceptor.close());
    const dispatcher = new undici.Agent().compose(interceptor as never);
    const { statusCode, body } = await undici.request("http://order.http/", { dispatcher });
    await body.dump();
    assert.equal(statusCode, 200);
    await until(() => interceptor.stats().instances[0]!.inFlight === 0, "the request has ended");
  });

  test(`${name}: a second attempt by the same undici client is an error of the request alone`, async (t) => {
    const servers = [await startHttp("one"), await startHttp("two")];
    for (const server of servers) t.after(() => server.close());
    const interceptor = rollcallInterceptor(`direct:///${servers.map(({ address }) => address).join(",")}`);
    t.after(() => interceptor.close());
    await until(() => interceptor.stats().ready === 2, "both can be used");
    // A Client calls where it was made for, whatever it is asked: its first attempt and its second fail alike.
    const gone = `http://127.0.0.1:${await freePort()}`;
    const dispatcher = new undici.Client(gone).compose(interceptor as never);
    await assert.rejects(undici.request("http://order.http/", { dispatcher }), /ECONNREFUSED/);
    for (const { inFlight } of interceptor.stats().instances) assert.equal(inFlight, 0);
  });
}

test("the table of statuses", () => {
  for (const status of [200, 204, 301, 304, 400, 401, 403, 404, 409, 422])
    assert.equal(outcomeOfStatus(status), "success");
  for (const status of [429, 500, 501, 502, 503, 504, 599]) assert.equal(outcomeOfStatus(status), "failure");
  for (const status of [408, 425, 499]) assert.equal(outcomeOfStatus(status), "ignore");
});

test("what cannot be obeyed is refused by name", () => {
  const make = (options: object) => () => rollcallInterceptor("direct:///127.0.0.1:1", options);
  assert.throws(make({ origins: ["order"] }), /origins is "order"; expected origins such as/);
  assert.throws(make({ origin: ["http://a"] }), /did you mean origins\?/);
  assert.throws(make({ Origins: ["http://a"] }), /did you mean origins\?/);
  assert.throws(make(null as never), /the interceptor takes its options by name/);
  assert.doesNotThrow(() => make({ origins: ["HTTP://Order.http:80"] })().close());
  assert.throws(make({ outcome: 1 }), /outcome is 1; expected a function/);
  assert.throws(make({ subset: 0.5 }), /subset is 0.5/);
});
