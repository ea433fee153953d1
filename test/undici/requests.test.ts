import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { contestants, tooNew } from "./contestants.js";
import { fleet, registry } from "./fleet.js";
import { startHttp } from "./http-server.js";

for (const { name, needs } of tooNew) test(name, { skip: `it needs ${needs}` }, () => {});

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
    const unnamed = await undici.request("http://order.http/r", { dispatcher, headers: { host: undefined } as never });
    await unnamed.body.dump();
    assert.ok(
      servers.some(({ requests }) => requests.some(({ host }) => host === "order.http")),
      "a Host that is undefined is none of the caller's own",
    );
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
