import assert from "node:assert/strict";
import { test } from "node:test";
import { groupedChart } from "../../bench/fleet/chart.js";
import { figures, type Outcome, percentile, type Run } from "../../bench/fleet/figures.js";
import { resultTable } from "../../bench/fleet/report.js";
import type { Row } from "../../bench/fleet/rows.js";
import type { ScheduledCall } from "../../bench/fleet/schedule.js";

const call = (atMs: number, kind = "all"): ScheduledCall => ({
  atMs,
  kind,
  method: "/a/B",
  stream: false,
  workMs: 1,
  deadlineMs: 1_000,
});
const answer = (ms: number, peer = "a:1"): Outcome => ({ ms, lateMs: 0.1, ok: true, code: "OK", peer });
const failure: Outcome = { ms: 1, lateMs: 0.1, ok: false, code: "INTERNAL", peer: "b:2" };

test("a percentile is the smallest value that this share does not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([3, 1, 2], 0.5), 2);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([], 0.5), Number.NaN);
});

test("numbers are ordered as numbers", () => {
  assert.equal(percentile([9, 10, 100], 0.5), 10);
});

test("a call that failed counts as endless, however soon it failed", () => {
  const calls = Array.from({ length: 50 }, (_, i) => call(i));
  const { kinds } = figures(calls, [failure, ...Array(49).fill(answer(5))], 0, ["a:1"]);
  assert.deepEqual(kinds.all, { calls: 50, p50: 5, p99: Number.POSITIVE_INFINITY, failed: 1, codes: { INTERNAL: 1 } });
});

test("calls of the warm-up do not count, and kinds are told apart", () => {
  const calls = [call(10, "a"), call(20, "a"), call(30, "b")];
  const run = figures(calls, [failure, answer(2), answer(3, "b:2")], 20, ["b:2", "a:1", "c:3"]);
  assert.deepEqual(Object.keys(run.kinds), ["a", "b"]);
  assert.equal(run.kinds.a!.failed, 0);
  assert.equal(run.kinds.b!.p50, 3);
  assert.deepEqual(run.shares, [1, 1, 0]);
});

test("a load generator that lost calls is an error", () => {
  assert.throws(() => figures([call(1), call(2)], [answer(1)], 0, []), /1 outcomes of 2 calls/);
});

test("the table shows medians of the rounds, all failures, and ratios round by round", () => {
  const kinds = [{ name: "all", share: 1, method: "fast", workMs: 1, spread: "similar", deadlineMs: 1_000 }] as const;
  const row: Row = { title: "three", instances: [], kinds, rate: 100 };
  const run = (p99: number, failed = 0): Run => ({
    kinds: { all: { calls: 1_000, p50: 1, p99, failed, codes: {} } },
    shares: [],
    lateMs: Number.isFinite(p99) ? p99 / 3 : 0,
  });
  const round = (ours: number, goZero: number, roundRobin: Run) =>
    new Map([
      ["Rollcall", run(ours)],
      ["go-zero", run(goZero)],
      ["go-zero's rule in Node", run(24)],
      ["round_robin", roundRobin],
    ]);
  const fails = run(Number.POSITIVE_INFINITY, 330);
  const rounds = [round(10, 20, fails), round(12, 20, fails), round(14, 20, fails)];
  const lines = resultTable([{ name: "x", row, rounds }]).split("\n");
  assert.equal(
    lines[2],
    "| three | all | 100 | **1.0 / 12.0** | 1.0 / 20.0 | 1.0 / 24.0 | 1.0 / fails, 33.00 % failed " +
      "| 0.60 (0.50 to 0.70) | 0.50 (0.42 to 0.58) | – | 8 |",
  );
});

test("in the median of an even number of rounds a failing one counts", () => {
  const kinds = [{ name: "all", share: 1, method: "fast", workMs: 1, spread: "similar", deadlineMs: 1_000 }] as const;
  const row: Row = { title: "three", instances: [], kinds, rate: 100 };
  const round = (p99: number) =>
    new Map(
      ["Rollcall", "go-zero", "go-zero's rule in Node", "round_robin"].map((name) => [
        name,
        { kinds: { all: { calls: 10, p50: 1, p99, failed: 0, codes: {} } }, shares: [], lateMs: 0 },
      ]),
    );
  const two = (first: number, second: number) =>
    resultTable([{ name: "x", row, rounds: [round(first), round(second)] }]).split("\n")[2]!;
  assert.match(two(10, 20), /1\.0 \/ 15\.0/);
  assert.match(two(10, Number.POSITIVE_INFINITY), /1\.0 \/ fails/);
});

test("the chart draws what fails to the end, and escapes titles", () => {
  const bars = [
    { name: "a", value: 10 },
    { name: "b", value: Number.POSITIVE_INFINITY },
  ];
  const svg = groupedChart("p99 < 1 s", [{ title: "a & b", bars }]);
  assert.match(svg, /p99 &lt; 1 s/);
  assert.match(svg, /a &amp; b/);
  assert.match(svg, />fails</);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});
