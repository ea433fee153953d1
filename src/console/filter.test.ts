import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceRow } from "./model.js";
import { choose } from "./page/filter.js";

const row = (service: string, address: string, more: Partial<InstanceRow> = {}): InstanceRow => ({
  id: `${service} ${address}`,
  service,
  address,
  paused: false,
  health: "serving",
  weight: 1,
  zone: "eu-1a",
  version: "1.4",
  since: 0,
  older: false,
  keys: 1,
  leaseless: false,
  ...more,
});

const rows = [
  row("order.rpc", "10.0.0.1:8080"),
  row("order.rpc", "10.0.0.2:8080", { paused: true, zone: "eu-1b" }),
  row("user.rpc", "10.0.0.3:8080", { health: "unknown", version: "" }),
  row("user.rpc", "10.0.0.4:8080", { health: "not serving" }),
];
const found = (filter: string, service?: string) =>
  choose(rows, service, filter).map(({ address }) => address.slice(7, 8));

test("every word is to be found in the row, in any order and case", () => {
  assert.deepEqual(found(""), ["1", "2", "3", "4"]);
  assert.deepEqual(found("1.4 ORDER"), ["1", "2"]);
  assert.deepEqual(found("order eu-1b paused"), ["2"]);
  assert.deepEqual(found("", "user.rpc"), ["3", "4"]);
  assert.deepEqual(found("nobody"), []);
});

test("a state is found by the word that the row shows", () => {
  assert.deepEqual(found("listed"), ["3"]);
  assert.deepEqual(found("not serving"), ["4"]);
  assert.deepEqual(found("unknown"), []);
});
