import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceId } from "./model.js";
import type { ProcessReport } from "./process-report.js";
import { StatsBook } from "./stats.js";

const ADDRESS = "10.0.0.1:80";
const ID = instanceId("order.rpc", ADDRESS);

/** A process that has made so many calls to the one instance there is. */
function caller(id: string, calls: number, failures = 0): ProcessReport {
  const counts = { calls, failures };
  const instances = [{ address: ADDRESS, counts, expectedMs: 5, failureRate: 0 }];
  return { id, name: id, startedAt: 0, serves: [], calls: [{ service: "order.rpc", counts, instances }] };
}

test("a caller that is seen late, or no more, brings or takes none of the calls of its life", () => {
  const book = new StatsBook();
  book.take([caller("a", 100)], 0);
  book.take([caller("a", 200)], 1_000);
  assert.equal(book.ofInstance(ID)?.callsPerSecond, 100);
  book.take([caller("a", 300), caller("b", 1_000_000)], 2_000);
  assert.equal(book.ofInstance(ID)?.callsPerSecond, 100);
  book.take([caller("a", 400), caller("b", 1_000_300, 30)], 3_000);
  const both = book.ofInstance(ID)!;
  assert.deepEqual([both.callsPerSecond, both.failureShare, both.latencyMs], [400, 0.075, 5]);
  book.take([caller("a", 500)], 4_000);
  assert.equal(book.ofInstance(ID)?.callsPerSecond, 100);
});

test("a caller that has had no answer yet makes nobody's latency smaller", () => {
  const book = new StatsBook();
  const metricsOf = (id: string, expectedMs: number): ProcessReport => {
    const instances = [{ address: ADDRESS, expectedMs, failureRate: 0 }];
    return { id, name: id, startedAt: 0, serves: [], calls: [{ service: "order.rpc", instances }] };
  };
  book.take([metricsOf("a", 40), metricsOf("b", 0)], 0);
  assert.equal(book.ofInstance(ID)?.latencyMs, 40);

  const idle = (id: string, expectedMs: number): ProcessReport => {
    const { calls, ...report } = caller(id, 100);
    const instances = calls[0]!.instances.map((one) => ({ ...one, expectedMs }));
    return { ...report, calls: [{ ...calls[0]!, instances }] };
  };
  for (const at of [1_000, 2_000]) book.take([idle("a", 40), idle("b", 0)], at);
  assert.equal(book.ofInstance(ID)?.latencyMs, 40);
});
