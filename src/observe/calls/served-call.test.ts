import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { observeServedCall } from "./served-call.js";

const spans = new InMemorySpanExporter();
const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
before(() => tracing.register());
after(() => tracing.shutdown());

function attributesFor(peer: string) {
  spans.reset();
  const call = observeServedCall("/test.Echo/Say", { metrics: false, traces: true })!;
  call.started({ get: () => undefined, set: () => {}, names: () => [] }, peer);
  call.ended(0, "");
  const { attributes } = spans.getFinishedSpans()[0]!;
  return ["client.address", "network.peer.address", "network.peer.port"].map((name) => attributes[name]);
}

test("a served call's span names its caller, over IPv4 and IPv6; one that is not known (any more) is left out", () => {
  assert.deepEqual(attributesFor("10.0.0.7:51234"), ["10.0.0.7", "10.0.0.7", 51234]);
  assert.deepEqual(attributesFor("fd00::7:51234"), ["fd00::7", "fd00::7", 51234]);
  for (const peer of ["unknown", "", "/run/order.sock"])
    assert.deepEqual(attributesFor(peer), Array(3).fill(undefined));
});
