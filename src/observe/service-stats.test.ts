import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceStats } from "./service-stats.js";

test("instances that are gone are forgotten, their calls stay counted", () => {
  const stats = new ServiceStats();
  for (let i = 0; i < 100; i++) stats.ended(`i${i}`, 1, i % 2 === 0);
  stats.ended("i1", 1, undefined);
  stats.keepOnly(new Map([["i1", {}]]));
  assert.deepEqual(stats.totals, { calls: 101, failures: 50 });
  assert.deepEqual({ ...stats.of("i1") }, { calls: 2, failures: 1 });
  assert.deepEqual(stats.of("i2"), { calls: 0, failures: 0 });
});

test("latencies are told by instance, of this minute or of the one before", () => {
  const stats = new ServiceStats();
  for (let i = 0; i < 100; i++) {
    stats.ended("fast", 10, true);
    stats.ended("slow", 1_000, true);
  }
  const near = (told: number | undefined, ms: number) => assert.ok(Math.abs(told! - ms) < 0.13 * ms, `${told}`);
  near(stats.of("fast").latency?.p99, 10);
  near(stats.of("slow").latency?.median, 1_000);
  stats.turn();
  near(stats.of("slow").latency?.median, 1_000);
  stats.turn();
  assert.equal(stats.of("slow").latency, undefined);
  assert.equal(stats.of("nobody").latency, undefined);
});
