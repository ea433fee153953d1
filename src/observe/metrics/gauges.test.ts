import assert from "node:assert/strict";
import { test } from "node:test";
import { addServer } from "../sources.js";
import type { ServedService } from "../state.js";
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

const listed = () => [...GAUGES.find(({ name }) => name === "rollcall.server.listed")!.read()];

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
