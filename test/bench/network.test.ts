import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallRecord, figures } from "../../bench/network/figures.js";
import { table } from "../../bench/network/table.js";
import { trials } from "../../bench/network/trials.js";

const ok = (startedAt: number, instance = "a:1"): CallRecord => ({
  startedAt,
  endedAt: startedAt + 10,
  instance,
  code: "OK",
});
const failed = (startedAt: number, endedAt: number, code = "DEADLINE_EXCEEDED"): CallRecord => ({
  startedAt,
  endedAt,
  code,
});
const timeline = { faultAt: 1_000, healedAt: 5_000, endedAt: 9_000, victim: "b:2" };

test("calls count from the fault on, those under way then included", () => {
  const { calls } = figures([ok(500), ok(995), ok(2_000)], timeline);
  assert.equal(calls, 2);
});

test("what failed is told by its status, and what never ended as that", () => {
  const found = figures(
    [ok(1_000), failed(1_500, 2_500), failed(1_600, 1_700, "UNAVAILABLE"), { startedAt: 3_000 }],
    timeline,
  );
  assert.equal(found.failed, 3);
  assert.deepEqual(found.codes, { DEADLINE_EXCEEDED: 1, UNAVAILABLE: 1, "never ended": 1 });
  assert.equal(found.lastFailureMs, 2_000, "by its start");
  assert.equal(found.longestCallMs, 6_000, "one that never ended took all the time there was");
});

test("the longest gap has no answer in it, at the beginning and the end too", () => {
  assert.equal(figures([ok(1_990), failed(3_000, 4_000), ok(4_990), ok(8_000)], timeline).longestGapMs, 3_010);
  assert.equal(figures([], timeline).longestGapMs, 8_000);
  assert.equal(figures([ok(1_000)], timeline).longestGapMs, 7_990);
});

test("the victim is back when it answers a call that began after the fault", () => {
  const records = [ok(4_995, "b:2"), ok(5_100, "a:1"), ok(6_000, "b:2"), ok(7_000, "b:2")];
  assert.equal(figures(records, timeline).backAfterMs, 1_010);
  assert.equal(figures(records.slice(0, 2), timeline).backAfterMs, undefined);
  const { victim: _all, ...everybody } = timeline;
  assert.equal(figures(records, everybody).backAfterMs, 110);
  const { healedAt: _lasting, ...lasting } = timeline;
  assert.equal(figures(records, lasting).backAfterMs, undefined);
});

test("the table has a line for each client of a trial, with figures only where there are some", () => {
  const rollcall = figures([ok(1_000), ok(6_000, "b:2")], timeline);
  const roundRobin = figures([failed(1_500, 2_500)], timeline);
  const lines = table([{ trial: trials.power!, result: { rollcall, roundRobin } }]).split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[2]!, /^\| one of three hosts .* \| Rollcall \| 2 \| 0 \| 5\.0 s \| 0\.01 s \| {2}\| 1\.0 s \|$/);
  assert.match(
    lines[3]!,
    /^\| {2}\| round_robin \| 1 \| 1 \(1 DEADLINE_EXCEEDED\) \| 8\.0 s \| 1\.0 s \| 0\.5 s \| {2}\|$/,
  );
});
