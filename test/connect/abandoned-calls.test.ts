import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { until } from "../support/until.js";
import { fleet, PROTOCOLS } from "./fleet.js";
import { Talk } from "./talk-service.js";
import { texts, words } from "./words.js";

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
  // Long enough for a first answer on a full machine.
  for await (const _ of client.tell({ text: "endless" }, { timeoutMs: 3_000 })) break;
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

for (const options of [
  { protocol: "connect" },
  { protocol: "grpc" },
  { protocol: "connect", httpVersion: "1.1" },
] as const) {
  const { protocol, httpVersion } = { httpVersion: "2", ...options } as const;
  test(`${protocol} over HTTP/${httpVersion}: a stream that its reader broke off does not hold close() for ever, one that is read goes on`, async (t) => {
    const { client, transport, servers } = await fleet(t, ["a"], { protocol, httpVersion }, { http: httpVersion });
    for await (const _ of client.tell({ text: "endless" })) break;
    const read = texts(client.tell({ text: "slow", waitMs: 2_000 }));
    await until(() => servers[0]!.calls === 2, "both run");
    await transport.close();
    assert.deepEqual(await read, ["slow0", "slow1", "slow2"]);
  });
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: messages of the caller's that fail by themselves are no failure of an instance, and are sent to one alone`, async (t) => {
    const { client, transport, servers } = await fleet(t, ["a", "b"], { protocol });
    const calls = () => servers.reduce((sum, server) => sum + server.calls, 0);
    const failing = async function* (before = calls()) {
      yield { text: "one" };
      await until(() => calls() > before, "it runs");
      // As if the instance could not be connected to, and yet it is the caller's database.
      throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
    };
    await assert.rejects(client.gather(failing()), /ECONNREFUSED/);
    await assert.rejects(texts(client.chat(failing())), /ECONNREFUSED/);
    assert.equal(calls(), 2);
    for (const { failureRate, inFlight } of transport.stats().instances)
      assert.deepEqual([failureRate, inFlight], [0, 0]);
  });
}
