import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { until } from "../support/until.js";
import { fleet } from "./fleet.js";
import { Talk } from "./talk-service.js";
import { words } from "./words.js";

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
