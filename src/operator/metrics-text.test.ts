import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketsOf, bucketsSince, parseMetrics, quantile } from "./metrics-text.js";

test("lines of Prometheus' text format are read with their labels, others are left out", () => {
  const text = `# HELP a_total Calls
# TYPE a_total counter
a_total 3
a_total{service="order.rpc",note="a \\"b\\", {c}\\\\ \\n"} 4.5 1700000000
b_bucket{le="+Inf"} 7
  b_bucket { le = "1" , } 5 # {trace_id="a"} 1
a_total +Inf
a_total{le="1" 2
a_total{le="1"}2
rubbish
rubbish1
a_total{service="x"} abc
`;
  assert.deepEqual(parseMetrics(text), [
    { name: "a_total", labels: {}, value: 3 },
    { name: "a_total", labels: { service: "order.rpc", note: 'a "b", {c}\\ \n' }, value: 4.5 },
    { name: "b_bucket", labels: { le: "+Inf" }, value: 7 },
    { name: "b_bucket", labels: { le: "1" }, value: 5 },
    { name: "a_total", labels: { le: "1" }, value: 2 },
  ]);
  assert.deepEqual(parseMetrics(text, new Set(["b_bucket", "c"])).length, 2, "only those that are asked for");
});

test("what is no metrics is read without harm and without delay, however long it is", () => {
  const long = 1 << 20;
  const strange = [
    "a{".padEnd(long, "x"),
    'a{b="'.padEnd(long, "x"),
    `a{${'b="x",'.repeat(200_000)}`,
    "a".padEnd(long),
    `a${" ".repeat(long)}{`,
  ];
  const lines = Array.from({ length: 500 }, () => `a${" ".repeat(60_000)}{`);
  assert.deepEqual(parseMetrics([...strange, ...lines, "a 1"].join("\n")), [{ name: "a", labels: {}, value: 1 }]);
});

test("quantiles are those between two readings, and all of it after a restart", () => {
  const of = (...counts: number[]) =>
    bucketsOf(
      [0.01, 0.1, 1, "+Inf"].map((le, i) => ({ name: "h_bucket", labels: { le: `${le}` }, value: counts[i]! })),
    );
  const before = of(100, 100, 100, 100);
  const now = of(100, 110, 110, 110);
  assert.ok(Math.abs(quantile(0.5, bucketsSince(now, before))! - 0.055) < 1e-9);
  assert.ok(quantile(0.5, now)! < 0.01);
  assert.equal(quantile(0.5, bucketsSince(now, now)), undefined);
  assert.deepEqual(bucketsSince(of(1, 1, 1, 1), now), of(1, 1, 1, 1));
  assert.equal(quantile(0.99, of(0, 0, 0, 5)), 1, "beyond the last bound it is at least the last bound");
});
