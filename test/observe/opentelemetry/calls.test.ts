import assert from "node:assert/strict";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { SpanKind, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { createClient } from "../../../src/index.js";
import { EchoClient, EchoService, say } from "../../support/echo.js";
import { until } from "../../support/until.js";
import { answeredByAll } from "../fleet.js";
import { counted, fleet, registry, service, spans } from "./measured.js";

const RETRY = { MaxAttempts: 4, InitialBackoff: 1, MaxBackoff: 5, Budget: 1 };
const SERVICE_CONFIG = JSON.stringify({
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: "0.001s",
        maxBackoff: "0.005s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
});

function namesOf(answered: ReadonlyMap<number, number>): Map<string, number> {
  return new Map([...answered].map(([code, n]) => [grpc.status[code]!, n]));
}

function sorted(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Makes the calls, ten at a time, and says who answered each. */
async function call(client: EchoClient, calls: number): Promise<string[]> {
  const answers: string[] = [];
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const answer = await say(client).catch(() => undefined);
      if (answer) answers.push(answer.instance);
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  return answers;
}

function tally(values: readonly unknown[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return sorted(counts);
}

const isOk = (span: ReadableSpan) => span.attributes["rpc.response.status_code"] === "OK";

const CLIENTS: Record<string, (url: string) => EchoClient> = {
  createClient: (url) => createClient(EchoClient, { Target: url, Retry: RETRY, Timeout: 60_000 }),
  "a bare client": (url) =>
    new EchoClient(url, grpc.credentials.createInsecure(), { "grpc.service_config": SERVICE_CONFIG }),
};

for (const [name, make] of Object.entries(CLIENTS)) {
  test(`${name}: 1,000 calls over 5 instances that fail: metrics and spans agree with what the servers saw`, async () => {
    const client = make(registry.target(service));
    const answers = await call(client, 1_000);
    client.close();
    const seen = answeredByAll(fleet);
    const attempts = [...seen.values()].reduce((sum, n) => sum + n, 0);
    assert.ok(attempts > 1_010, `some calls were tried again: ${attempts} attempts`);

    const method = "test.Echo/Say";
    assert.deepEqual([...(await counted("grpc.client.attempt.started", "grpc.method"))], [[method, attempts]]);
    assert.deepEqual(sorted(await counted("grpc.client.attempt.duration", "grpc.status")), sorted(namesOf(seen)));
    assert.deepEqual(
      sorted(await counted("grpc.client.attempt.sent_total_compressed_message_size", "grpc.status")),
      sorted(namesOf(seen)),
    );
    assert.deepEqual([...(await counted("grpc.server.call.started", "grpc.method"))], [[method, attempts]]);
    assert.deepEqual(sorted(await counted("grpc.server.call.duration", "grpc.status")), sorted(namesOf(seen)));
    const calls = await counted("grpc.client.call.duration", "grpc.status");
    assert.equal(
      [...calls.values()].reduce((sum, n) => sum + n, 0),
      1_000,
    );
    assert.equal(calls.get("OK"), answers.length);
    const counts = await counted("rollcall.client.attempts", "service");
    assert.equal(counts.get(service), attempts, "what was counted stays counted though the channel is closed");

    const finished = spans.getFinishedSpans();
    const clientSpans = finished.filter(({ kind }) => kind === SpanKind.CLIENT);
    assert.equal(clientSpans.length, 1_000, "one CLIENT span a call");
    const ok = clientSpans.filter(isOk);
    assert.deepEqual(
      tally(ok.map(({ attributes }) => attributes["peer.address"])),
      tally(answers),
      "peer.address is what the instance said of itself",
    );
    const byId = new Map(clientSpans.map((span) => [span.spanContext().spanId, span]));
    const tries = finished.filter(({ kind }) => kind === SpanKind.INTERNAL);
    for (const one of tries) assert.ok(byId.has(one.parentSpanContext!.spanId), "an attempt is a child of its call");
    const retried = clientSpans.filter(({ attributes }) => attributes["rollcall.attempts"] !== undefined);
    const inSpans = retried.reduce((sum, { attributes }) => sum + Number(attributes["rollcall.attempts"]), 0);
    assert.equal(tries.length, inSpans);
    assert.equal(
      1_000 - retried.length + inSpans,
      attempts,
      "every attempt is in a span of its own or is the call's only one",
    );
    assert.ok(
      tries.some(({ attributes }) => attributes["rollcall.attempt.reason"] === "retry after UNAVAILABLE"),
      "with the reason",
    );
    const serverSpans = finished.filter(({ kind }) => kind === SpanKind.SERVER);
    assert.equal(serverSpans.length, attempts);
    const ids = new Set([...clientSpans, ...tries].map((span) => span.spanContext().spanId));
    for (const span of serverSpans)
      assert.ok(ids.has(span.parentSpanContext!.spanId), "the server's span is in the same trace");
  });

  test(`${name}: what a service does is in gauges while its channel is open`, async () => {
    const client = make(registry.target(service));
    await call(client, 50);
    const ready = async () => (await counted("rollcall.client.instances_ready", "service")).get(service);
    await until(async () => (await ready()) === 5, "all five are ready");
    assert.ok((await counted("rollcall.client.attempts", "service")).get(service)! >= 50);
    assert.equal((await counted("rollcall.server.listed", "name")).get(service), 1);
    client.close();
  });

  test(`${name}: each call's span is a child of the one that is active, the calls among them with which the channel begins`, async () => {
    const client = make(registry.target(service));
    const names = ["first", "beside it", "later"];
    const request = (named: string) =>
      trace.getTracer("test").startActiveSpan(named, (span) => say(client).finally(() => span.end()));
    await Promise.all([request("first"), request("beside it")]);
    await request("later");
    const ended = spans.getFinishedSpans();
    const parents = ended
      .filter(({ kind }) => kind === SpanKind.CLIENT)
      .map(
        ({ parentSpanContext }) => ended.find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name,
      );
    assert.deepEqual(parents.sort(), names.sort());
    client.close();
  });
}

test("copies of a call that is late are hedges, and no retries", async () => {
  const Methods = [{ FullMethod: EchoService.say.path, Hedge: { Delay: 5 } }];
  const client = createClient(EchoClient, { Target: registry.target(service), Methods });
  const answers = await Promise.allSettled([1, 2, 3].map(() => say(client, { delayMs: 200 })));
  assert.ok(answers.length === 3);
  const hedges = await counted("grpc.client.call.hedges", "grpc.method");
  assert.deepEqual([...hedges], [["test.Echo/Say", 3]]);
  assert.deepEqual([...(await counted("grpc.client.call.retries", "grpc.method"))], []);
  client.close();
});
