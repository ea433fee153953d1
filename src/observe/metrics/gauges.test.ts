import assert from "node:assert/strict";
import { test } from "node:test";
import { addServer } from "../sources.js";
import type { ServedService } from "../state.js";
import { GAUGES } from "./gauges.js";

function serves(name: string, service: string | undefined, listed: boolean): () => void {
  const totals = { calls: 0, failures: 0 };
  const state: ServedService = {
    ...{ name, service, listed, totals },
    ...{ address: "10.0.0.1:80", state: "serving", registry: undefined, inFlight: 2 },
  };
  return addServer({ state: () => state });
}

const read = (name: string) => [...GAUGES.find((gauge) => gauge.name === name)!.read()];

test("a server that is not to be listed anywhere is not missed in a registry, and its calls are counted", (t) => {
  const added = [
    ...[serves("order", "order.rpc", true), serves("order", "order.rpc", true), serves("order", undefined, false)],
    ...[serves("cart", "cart.rpc", true), serves("cart", "cart.rpc", false)],
    serves("local", undefined, false),
  ];
  t.after(() => {
    for (const remove of added) remove();
  });
  assert.deepEqual(read("rollcall.server.listed"), [
    { value: 1, labels: { name: "order" } },
    { value: 0, labels: { name: "cart" } },
  ]);
  assert.deepEqual(read("rollcall.server.in_flight").at(-1), { value: 2, labels: { name: "local" } });
});
