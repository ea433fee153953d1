import assert from "node:assert/strict";
import { test } from "node:test";
import { newsOfEdges, newsOfRows } from "./events.js";
import type { InstanceRow } from "./model.js";

const row = (some: Partial<InstanceRow> = {}): InstanceRow => ({
  id: "a 1",
  service: "a",
  address: "1",
  paused: false,
  health: "serving",
  weight: 1,
  zone: "",
  version: "",
  since: 0,
  older: false,
  keys: 1,
  leaseless: false,
  ...some,
});
const news = (before: InstanceRow[], after: InstanceRow[]) =>
  newsOfRows(before, after, () => "expired").map(({ kind, detail }) => [kind, detail].filter(Boolean).join(" "));

test("joins, leaves with the reason, pauses, health flips and changes are news, and numbers are none", () => {
  assert.deepEqual(news([], [row({ version: "2", zone: "z", weight: 3 })]), ["joined version 2, zone z, weight 3"]);
  assert.deepEqual(news([row()], []), ["left expired"]);
  assert.deepEqual(news([row()], [row({ paused: true })]), ["paused"]);
  assert.deepEqual(news([row({ paused: true })], [row()]), ["resumed"]);
  assert.deepEqual(news([row()], [row({ health: "not serving" })]), ["health not serving"]);
  assert.deepEqual(news([row({ health: "unknown" })], [row()]), [], "the first answer is no flip");
  assert.deepEqual(news([row()], [row({ version: "2" })]), ["changed version 2"]);
  assert.deepEqual(news([row()], [row({ since: 5, keys: 2, stats: { failureShare: 1 } })]), []);
});

test("who begins to call, and who stops, is news, by name", () => {
  const nodes = [
    { id: "client:x", name: "x", kind: "client", size: 1 },
    { id: "service:a", name: "a", kind: "service", size: 1 },
  ] as const;
  const edge = { from: "client:x", to: "service:a", processes: 1 };
  assert.deepEqual(newsOfEdges([], [edge], nodes), [{ kind: "calls", service: "a", who: "x" }]);
  assert.deepEqual(newsOfEdges([edge], [{ ...edge, processes: 2 }], nodes), []);
  assert.deepEqual(newsOfEdges([edge], [], nodes), [{ kind: "calls no more", service: "a", who: "x" }]);
});
