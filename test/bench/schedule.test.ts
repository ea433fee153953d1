import assert from "node:assert/strict";
import { test } from "node:test";
import { rows } from "../../bench/fleet/rows.js";
import { type Kind, schedule } from "../../bench/fleet/schedule.js";
import { decodeWork, encodeWork, FleetService } from "../../bench/fleet/service.js";

const cheap: Kind = { name: "cheap", share: 3, method: "fast", workMs: 2, spread: "similar", deadlineMs: 1_000 };
const dear: Kind = { name: "dear", share: 1, method: "stream", workMs: 50, spread: "exponential", deadlineMs: 9_000 };

test("the same seed gives the same calls, another seed others", () => {
  assert.deepEqual(schedule([cheap, dear], 100, 1_000, 7), schedule([cheap, dear], 100, 1_000, 7));
  assert.notDeepEqual(schedule([cheap, dear], 100, 1_000, 7), schedule([cheap, dear], 100, 1_000, 8));
});

test("calls are in order, within the time, and as many as the rate says", () => {
  const calls = schedule([cheap], 500, 60_000, 1);
  assert.ok(calls.every(({ atMs }, i) => atMs < 60_000 && atMs >= (calls[i - 1]?.atMs ?? 0)));
  assert.ok(Math.abs(calls.length - 30_000) < 900, `${calls.length} calls`);
});

test("calls come independently: gaps spread as widely as their mean", () => {
  const calls = schedule([cheap], 1_000, 60_000, 2);
  const gaps = calls.slice(1).map(({ atMs }, i) => atMs - calls[i]!.atMs);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  assert.ok(Math.abs(deviation / mean - 1) < 0.05, `${deviation} to ${mean}`);
});

test("each kind has its share, its method, its deadline and its work", () => {
  const calls = schedule([cheap, dear], 1_000, 60_000, 3);
  const dearOnes = calls.filter(({ kind }) => kind === "dear");
  assert.ok(Math.abs(dearOnes.length / calls.length - 0.25) < 0.02, `${dearOnes.length} of ${calls.length}`);
  for (const call of dearOnes) {
    assert.deepEqual(
      { method: call.method, stream: call.stream, deadlineMs: call.deadlineMs },
      { method: FleetService.stream.path, stream: true, deadlineMs: 9_000 },
    );
  }
  const mean = dearOnes.reduce((sum, { workMs }) => sum + workMs, 0) / dearOnes.length;
  assert.ok(Math.abs(mean / 50 - 1) < 0.05, `mean work ${mean}`);
  const cheapOnes = calls.filter(({ kind }) => kind === "cheap");
  assert.ok(cheapOnes.every(({ workMs, stream }) => !stream && workMs >= 1.6 && workMs <= 2.4));
});

test("work goes over the wire unchanged, and what is no DoubleValue is refused", () => {
  for (const ms of [0, 0.125, 3.7, 120]) assert.equal(decodeWork(encodeWork(ms)), ms);
  assert.equal(decodeWork(Buffer.alloc(0)), 0);
  assert.throws(() => decodeWork(Buffer.from("0a03616263", "hex")), RangeError);
});

test("every row asks for less work than its instances can do, and changes only instances that it has", () => {
  for (const [name, row] of Object.entries(rows)) {
    const listed = row.instances.slice(0, row.listed);
    const working = listed.filter(({ calls }) => calls === "answered");
    const capacity = working.reduce((sum, { workers, slower }) => sum + workers / slower, 0);
    const asked = schedule(row.kinds, row.rate, 60_000, 1).reduce(
      (sum, { workMs, stream }) => sum + workMs * (stream ? 10 : 1),
      0,
    );
    assert.ok(asked / 60_000 < 0.85 * capacity, `${name}: ${(asked / 60_000).toFixed(1)} of ${capacity} workers`);
    for (const { instance } of row.changes?.(10_000) ?? []) assert.ok(row.instances[instance], `${name}: ${instance}`);
  }
});

test("in the row of changing members exactly eight are listed after each change", () => {
  const row = rows.changes!;
  const listed = new Set(Array.from({ length: row.listed! }, (_, i) => i));
  const changes = row.changes!(30_000);
  for (const atMs of new Set(changes.map((change) => change.atMs))) {
    for (const { change, instance } of changes.filter((one) => one.atMs === atMs)) {
      if (change === "join") assert.ok(!listed.has(instance), `${instance} joins twice`);
      if (change === "join") listed.add(instance);
      else assert.ok(listed.delete(instance), `${instance} leaves twice`);
    }
    assert.equal(listed.size, 8);
  }
});
