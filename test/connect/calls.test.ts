import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, type Interceptor } from "@connectrpc/connect";
import { fleet, PROTOCOLS } from "./fleet.js";
import { texts, words } from "./words.js";

for (const protocol of PROTOCOLS) {
  test(`${protocol}: calls of all four kinds are made, to the service's name, and shared among the instances`, async (t) => {
    const { client, servers, transport, authority } = await fleet(t, ["a", "b", "c"], { protocol });
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
    assert.deepEqual([...names], [authority]);
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

test("interceptors run once for each call, and see its URL by the service's name", async (t) => {
  const urls: string[] = [];
  const interceptor: Interceptor = (next) => (request) => {
    urls.push(request.url);
    request.header.set("x-added", "1");
    return next(request);
  };
  const { client, servers, authority } = await fleet(t, ["a", "b"], { interceptors: [interceptor] });
  // One refuses new requests on the connection it has: of two calls at once, one meets it and is made again elsewhere.
  servers[0]!.goAway();
  const said = await Promise.all([client.say({ text: "x" }), client.say({ text: "y" })]);
  assert.deepEqual(
    said.map(({ text }) => text),
    ["x", "y"],
  );
  const url = `http://${authority}/talk.Talk/Say`;
  assert.deepEqual(urls, [url, url]);
});

test("an interceptor may change the path of a call", async (t) => {
  const route: Interceptor = (next) => (request) => next({ ...request, url: request.url.replace("/nowhere/", "/") });
  for (const [protocol, httpVersion] of [
    ["connect", "1.1"],
    ["connect", "2"],
    ["grpc", "2"],
    ["grpc-web", "2"],
  ] as const) {
    const options = { protocol, httpVersion, baseUrl: "http://talk.rpc/nowhere", interceptors: [route] };
    const { client } = await fleet(t, ["a"], options, { http: httpVersion });
    assert.equal((await client.say({ text: "x" })).text, "x");
    assert.deepEqual(await texts(client.tell({ text: "t" })), ["t0", "t1", "t2"]);
  }
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
