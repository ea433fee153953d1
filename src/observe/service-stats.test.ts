import assert from "node:assert/strict";
import { test } from "node:test";
import { Latencies, ServiceStats } from "./service-stats.js";

test("percentiles are right within 12 %, from microseconds to minutes", () => {
  for (const scale of [0.05, 1, 1_000]) {
    const latencies = new Latencies();
    for (let i = 1; i <= 1_000; i++) latencies.add((i / 1_000) * scale);
    for (const share of [0.5, 0.9, 0.99]) {
      const found = latencies.quantile(share);
      assert.ok(Math.abs(found - share * scale) <= 0.13 * share * scale, `${share} of ${scale}: ${found}`);
    }
  }
});

test("no latency leaves the buckets, whatever it is", () => {
  const latencies = new Latencies();
  for (const ms of [0, 1e-9, 1e12]) latencies.add(ms);
  assert.ok(latencies.quantile(1) < 1e7);
  assert.equal(latencies.count, 3);
});

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
