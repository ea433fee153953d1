import assert from "node:assert/strict";
import { test } from "node:test";
import { countedOnce, Flows, type Reading } from "./flows.js";

function reading(source: string, at: number, calls: number, failures: number, p50Ms = 10, p99Ms = 50): Reading {
  const counts = { calls, failures, inFlight: 1, p50Ms, p99Ms };
  const instances = [{ address: "10.0.0.1:1", counted: true, state: "serving", ...counts }];
  return { source, at, services: [{ side: "calls", service: "order.rpc", ...counts, instances }] };
}

test("rates are those between two readings, summed over the sources", () => {
  const flows = new Flows();
  const [first] = flows.read([reading("a", 0, 100, 50), reading("b", 0, 0, 0)]);
  assert.equal(first!.callsPerSecond, undefined);
  assert.equal(first!.failureRate, 0.5, "before there is a rate, of all calls");
  const [second] = flows.read([reading("a", 2_000, 300, 70, 10, 50), reading("b", 1_000, 100, 0, 40, 90)]);
  assert.equal(second!.callsPerSecond, 200);
  assert.ok(Math.abs(second!.failureRate! - 20 / 300) < 1e-9);
  assert.equal(second!.p50Ms, 20, "the mean by calls");
  assert.equal(second!.p99Ms, 90, "the highest");
  assert.deepEqual([second!.inFlight, second!.calls, second!.sources], [2, 400, 2]);
  const { address, callsPerSecond, state } = second!.instances[0]!;
  assert.deepEqual([address, callsPerSecond, state], ["10.0.0.1:1", 200, "serving"]);
});

test("a process that was started anew counts from nothing, and never below", () => {
  const flows = new Flows();
  flows.read([reading("a", 0, 1_000, 100)]);
  const [flow] = flows.read([reading("a", 1_000, 30, 3)]);
  assert.deepEqual([flow!.callsPerSecond, flow!.failureRate], [30, 0.1]);
  const [idle] = flows.read([reading("a", 2_000, 30, 3)]);
  assert.deepEqual([idle!.callsPerSecond, idle!.failureRate], [0, undefined]);
});

test("a channel that is closed, and a service that is new, give no other one's counts another history", () => {
  const one = (service: string, calls: number, which?: number) => ({
    side: "calls" as const,
    service,
    which,
    calls,
    failures: 0,
    instances: [{ address: "10.0.0.1:1", counted: true, calls, failures: 0 }],
  });
  const flows = new Flows();
  const at = (at: number, ...services: ReturnType<typeof one>[]) => flows.read([{ source: "a", at, services }]);
  at(0, one("order.rpc", 10, 1), one("order.rpc", 1_000_000, 2), one("pay.rpc", 50, 3));
  const [order, pay] = at(1_000, one("order.rpc", 1_000_005, 2), one("pay.rpc", 60, 3));
  assert.deepEqual([order!.callsPerSecond, order!.instances[0]!.callsPerSecond, pay!.callsPerSecond], [5, 5, 10]);
  // As a DevServer tells them, in the order of their names.
  at(2_000, one("shop.B", 1_000_000), one("shop.C", 2_000_000));
  const [, b, c] = at(3_000, one("shop.A", 1), one("shop.B", 1_000_001), one("shop.C", 2_000_002));
  assert.deepEqual([b!.callsPerSecond, c!.callsPerSecond], [1, 2]);
});

test("the calls of a process that tells them by its socket and by its metrics are counted once", () => {
  const scraped = reading("http://127.0.0.1:6060/metrics", 0, 100, 0);
  const served = { ...scraped.services[0]!, side: "serves" as const };
  const readings: Reading[] = [
    { ...reading("4711.sock", 0, 100, 0), otherPorts: [6060] },
    { ...scraped, services: [...scraped.services, served], port: 6060 },
    { ...reading("http://127.0.0.1:6061/metrics", 0, 10, 0), port: 6061 },
    reading("http://10.0.0.9:6060/metrics", 0, 1, 0),
  ];
  const [called, serves] = new Flows().read(countedOnce(readings));
  assert.deepEqual([called!.calls, called!.sources], [111, 3]);
  assert.deepEqual([serves!.side, serves!.calls], ["serves", 100]);
});
