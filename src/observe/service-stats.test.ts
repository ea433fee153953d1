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

test("latencies of all instances are told together, those of instances that are gone included", () => {
  const stats = new ServiceStats();
  const near = (told: number | undefined, ms: number) => assert.ok(Math.abs(told! - ms) < 0.13 * ms, `${told}`);
  for (let i = 0; i < 60; i++) stats.ended("fast", 10, true);
  for (let i = 0; i < 40; i++) stats.ended("slow", 1_000, true);
  stats.keepOnly(new Map([["fast", {}]]));
  near(stats.latency?.median, 10);
  near(stats.latency?.p90, 1_000);
  near(stats.turn()?.p99, 1_000);
  stats.ended("fast", 10, true);
  near(stats.latency?.p99, 10);
  near(stats.turn()?.p99, 10);
  assert.equal(stats.turn(), undefined);
});
