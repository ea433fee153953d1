import assert from "node:assert/strict";
import { test } from "node:test";
import { addClient, addServer } from "../sources.js";
import type { CalledInstance, CalledService, ServedService } from "../state.js";
import { GAUGES } from "./gauges.js";

const server = (more: Partial<ServedService>): ServedService => ({
  name: "order",
  address: "10.0.0.1:8080",
  state: "serving",
  service: "order.rpc",
  registry: "etcd 10.0.0.9:2379",
  listed: true,
  inFlight: 0,
  totals: { calls: 0, failures: 0 },
  ...more,
});

const read = (wanted: string) => [...GAUGES.find(({ name }) => name === wanted)!.read()];
const listed = () => read("rollcall.server.listed");

test("a server that has no registry is not told as one that is not listed", (t) => {
  t.after(
    addServer({ state: () => server({ name: "in k8s", service: undefined, registry: undefined, listed: false }) }),
  );
  assert.deepEqual(listed(), []);
});

test("of servers of one name one that is not listed is told, one without a registry is left out", (t) => {
  let isListed = true;
  t.after(addServer({ state: () => server({ service: undefined, registry: undefined, listed: false }) }));
  t.after(addServer({ state: () => server({}) }));
  t.after(addServer({ state: () => server({ listed: isListed }) }));
  assert.deepEqual(listed(), [{ value: 1, labels: { name: "order" } }]);
  isListed = false;
  assert.deepEqual(listed(), [{ value: 0, labels: { name: "order" } }]);
});

test("of instances whose latency nobody knows yet, or that cannot be reached, none is expected: they make no mean smaller", (t) => {
  const instance = (more: Partial<CalledInstance>) => ({ inFlight: 0, failureRate: 0, ...more }) as CalledInstance;
  let instances = [instance({ expectedMs: 0 })];
  const state = () =>
    ({ service: "order.rpc", instances, totals: { calls: 0, failures: 0 } }) as unknown as CalledService;
  t.after(addClient({ service: "order.rpc", id: 1, state, decisions: () => [], turnMinute: () => undefined }));
  assert.deepEqual(read("rollcall.client.expected_latency"), []);
  instances = [instance({ expectedMs: 40 }), instance({ expectedMs: 0 })];
  assert.deepEqual(read("rollcall.client.expected_latency"), [{ value: 0.04, labels: { service: "order.rpc" } }]);
  assert.deepEqual(read("rollcall.client.in_flight"), [{ value: 0, labels: { service: "order.rpc" } }]);
});
