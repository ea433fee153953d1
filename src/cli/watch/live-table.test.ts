import assert from "node:assert/strict";
import { test } from "node:test";
import { painter } from "../terminal/style.js";
import { changesBetween, type Listed } from "./changes.js";
import { LiveTable } from "./live-table.js";

const look = { paint: painter({}, {}), width: 200, height: 40 };

function at(host: string, facts: object = {}): Listed {
  return { service: "order.rpc", instance: { address: `${host}:1`, ...facts } };
}

test("who was there, who joined, who left and why: told for ten seconds, then only who is there", () => {
  const table = new LiveTable("order.rpc", false);
  const [a, b, c] = [at("a"), at("b"), at("c")];
  table.update([a, b], changesBetween(undefined, [a, b]), 0);
  table.health("a:1", "serving", undefined, 10);
  table.update(
    [a, c],
    changesBetween([a, b], [a, c], () => "expired"),
    1_000,
  );
  const rows = (now: number) => table.render({ ...look, now }).slice(2);
  assert.deepEqual(rows(2_000), [
    "ADDRESS  STATE             HEALTH",
    "a:1                        serving",
    "b:1      left: expired",
    "c:1      joined 1.0 s ago",
  ]);
  assert.deepEqual(rows(12_000), ["ADDRESS  STATE      HEALTH", "a:1                 serving", "c:1      here 11 s"]);
  // Back again, it is nobody of old.
  table.update([a, b, c], changesBetween([a, c], [a, b, c]), 13_000);
  assert.match(rows(14_000)[2]!, /^b:1 +joined 1\.0 s ago$/);
});

test("a flip of health is told with its age, and what happened last stands below where there is room", () => {
  const table = new LiveTable("order.rpc", true);
  const a = at("a", { zone: "eu" });
  table.update([a], changesBetween(undefined, [a]), 0);
  table.health("a:1", "serving", undefined, 10);
  table.health("a:1", "not serving", "serving", 5_000);
  for (let i = 0; i < 300; i++) table.event(`event ${i} \u001b[2J`);
  table.trouble("etcd is away");
  const lines = table.render({ ...look, height: 10, now: 8_000 });
  assert.deepEqual(lines, [
    "order.rpc  1 instance  q ends it",
    "! etcd is away",
    "",
    "SERVICE    ADDRESS  HEALTH       FOR    ZONE",
    "order.rpc  a:1      not serving  3.0 s  eu",
    "",
    ...[296, 297, 298, 299].map((i) => `event ${i} \\u001b[2J`),
  ]);
  assert.equal(table.render({ ...look, height: 6, now: 8_000 }).length, 5, "without room there are no events");
});

test("of several services each row names its own until there is room for nothing else", () => {
  const table = new LiveTable("etcd", true);
  const a = at("10.0.0.1", { zone: "eu-central-1", weight: 2, metadata: { version: "1.4.2" } });
  table.update([a], changesBetween(undefined, [a]), 0);
  const rows = table.render({ ...look, width: 30, now: 1_000 }).slice(2);
  assert.deepEqual(rows, ["SERVICE    ADDRESS", "order.rpc  10.0.0.1:1"]);
});

test("of 20,000 instances those are drawn that fit, and all are counted", () => {
  const table = new LiveTable("order.rpc", false);
  const all = Array.from({ length: 20_000 }, (_, i) => at(`h${i}`));
  table.update(all, changesBetween(undefined, all), 0);
  const lines = table.render({ ...look, now: 1 });
  assert.match(lines[0]!, /20000 instances/);
  assert.ok(lines.length > look.height && lines.length < 2 * look.height, "more than fits, so that this is told");
});
