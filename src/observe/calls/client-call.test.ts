import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { type Measures, measureInto } from "../metrics/measures.js";
import { type ClientCall, observeCall } from "./client-call.js";
import type { Headers } from "./headers.js";

const [OK, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE] = [0, 4, 8, 14] as const;
const spans = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();

const headers: Headers = { set: () => {}, get: () => undefined, names: () => [] };
const measured: string[] = [];
const measures: Measures = {
  attemptStarted: () => measured.push("started"),
  attemptEnded: (_channel, _method, code) => measured.push(`ended ${code}`),
  callEnded: (_channel, _method, code, _seconds, { retries, hedges }) =>
    measured.push(`call ${code}, ${retries} retries, ${hedges} hedges`),
  serverStarted: () => {},
  serverEnded: () => {},
};

let call: ClientCall;
beforeEach(() => {
  measureInto(measures);
  const channel = { service: "order.rpc", target: "etcd:///order.rpc" };
  call = observeCall("/shop.Order/Get", channel, { metrics: true, traces: true })!;
});
afterEach(() => {
  measureInto(undefined);
  measured.length = 0;
  spans.reset();
});

/** What the spans of the attempts say, in the order in which they began. */
function attempts(): string[] {
  return spans
    .getFinishedSpans()
    .filter(({ name }) => name.startsWith("Attempt."))
    .map(({ attributes: of }) => ({ n: Number(of["rollcall.attempt"]), of }))
    .sort((a, b) => a.n - b.n)
    .map(({ of }) => [of["rollcall.attempt.reason"] ?? "first", of["rpc.response.status_code"]].join(": "));
}

function peerOfCall(): unknown {
  return spans.getFinishedSpans().at(-1)!.attributes["peer.address"];
}

test("of two copies that fail alike, the call's span names the one that failed last, which is how the call ended", () => {
  const first = call.attempt("10.0.0.1:80", headers);
  const copy = call.attempt("10.0.0.2:80", headers);
  copy.ended(UNAVAILABLE, "gone");
  first.ended(UNAVAILABLE, "gone too");
  call.ended(UNAVAILABLE, "gone too");
  assert.equal(peerOfCall(), "10.0.0.1:80");
  assert.deepEqual(attempts(), ["first: UNAVAILABLE", "hedge: UNAVAILABLE"]);
});

test("a retry that begins while a copy runs is a retry, and what is counted says so", () => {
  const first = call.attempt("10.0.0.1:80", headers);
  const copy = call.attempt("10.0.0.2:80", headers);
  first.ended(RESOURCE_EXHAUSTED, "full");
  const retry = call.attempt("10.0.0.3:80", headers);
  retry.ended(OK, "");
  call.ended(OK, "");
  copy.ended(1, "another copy answered first");
  assert.deepEqual(attempts(), ["first: RESOURCE_EXHAUSTED", "hedge: CANCELLED", "retry after RESOURCE_EXHAUSTED: OK"]);
  assert.equal(peerOfCall(), "10.0.0.3:80");
  assert.ok(measured.includes("call 0, 1 retries, 1 hedges"), measured.join("; "));
  assert.equal(measured.filter((one) => one.startsWith("ended")).length, 3);
});

test("attempts that run when the call's deadline passes have ended so, and not by a caller who cancels", () => {
  call.attempt("10.0.0.1:80", headers).ended(UNAVAILABLE, "gone");
  const retry = call.attempt("10.0.0.2:80", headers);
  // A channel tells its own side first.
  call.ended(DEADLINE_EXCEEDED, "late");
  retry.ended(DEADLINE_EXCEEDED, "late");
  assert.deepEqual(attempts(), ["first: UNAVAILABLE", "retry after UNAVAILABLE: DEADLINE_EXCEEDED"]);
  assert.equal(peerOfCall(), "10.0.0.2:80");
  assert.deepEqual(measured.slice(-2), ["call 4, 1 retries, 0 hedges", "ended 4"]);
});

test("the times of attempts are by the clock of the call's span, also when it was set while the process ran", (t) => {
  const now = Date.now;
  const hour = 3_600_000;
  t.mock.method(Date, "now", () => now() + hour);
  const later = observeCall(
    "/shop.Order/Get",
    { service: "order.rpc", target: "x" },
    { metrics: false, traces: true },
  )!;
  later.attempt("10.0.0.1:80", headers).ended(UNAVAILABLE, "gone");
  later.attempt("10.0.0.2:80", headers).ended(OK, "");
  later.ended(OK, "");
  const [first, second, whole] = spans.getFinishedSpans();
  for (const { startTime, endTime } of [first!, second!]) {
    for (const [seconds] of [startTime, endTime]) assert.ok(Math.abs(seconds - whole!.startTime[0]) < 60);
  }
});
