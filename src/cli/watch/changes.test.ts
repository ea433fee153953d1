import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, type Listed, renderChange, renderChangeJson } from "./changes.js";

const of = (address: string, weight?: number, service = "s"): Listed => ({
  service,
  instance: { address, ...(weight !== undefined && { weight }) },
});

test("joins, leaves and changed facts are told apart, and the first set is no join", () => {
  const kinds = (...sets: Parameters<typeof changesBetween>) =>
    changesBetween(...sets).map(
      ({ kind, service, instance, count }) => `${kind} ${service} ${instance.address} ${count}`,
    );
  assert.deepEqual(kinds(undefined, [of("a:1")]), ["listed s a:1 1"]);
  assert.deepEqual(kinds([], [of("a:1")]), ["joined s a:1 1"]);
  assert.deepEqual(kinds([of("a:1"), of("b:1", 1)], [of("b:1", 2), of("c:1")]), [
    "left s a:1 2",
    "changed s b:1 2",
    "joined s c:1 2",
  ]);
  assert.deepEqual(kinds([of("a:1"), of("b:1", 1)], [of("b:1", 1), of("a:1")]), []);
  assert.deepEqual(kinds([of("a:1")], [of("a:1", undefined, "t")]), ["left s a:1 0", "joined t a:1 1"]);
  assert.deepEqual(kinds([of("a:1"), of("a:1")], [of("a:1")]), [], "an address under two keys is one instance");
});

test("a change is one line", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 6);
  const instance = { address: "a:1", weight: 2, zone: "z", metadata: { version: "1" } };
  const change = { kind: "left", service: "s", instance, count: 2, reason: "expired" } as const;
  assert.equal(renderChange(change, at), "03:04:05.006 - a:1 weight 2 zone z version=1 expired (2 instances)");
  assert.equal(renderChange(change, at, true), "03:04:05.006 - s a:1 weight 2 zone z version=1 expired (2 instances)");
  assert.deepEqual(JSON.parse(renderChangeJson(change, at)), {
    time: at.toISOString(),
    change: "left",
    service: "s",
    instance,
    count: 2,
    reason: "expired",
  });
});

test("the line of a change shows no secret that stands in metadata", () => {
  const instance = { address: "a:1", metadata: { note: "token=abc", "api-key": "def", last: "x" } };
  const line = renderChange({ kind: "joined", service: "s", instance, count: 1 }, new Date());
  assert.match(line, / note=token=\.\.\. api-key=\.\.\. last=x \(1 instance\)$/);
});
