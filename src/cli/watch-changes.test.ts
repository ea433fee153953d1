import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, renderChange, renderChangeJson } from "./watch-changes.js";

test("joins, departures and changed facts are told apart", () => {
  const a = { address: "a:1" };
  const b = { address: "b:1", weight: 1 };
  const heavier = { address: "b:1", weight: 2 };
  const c = { address: "c:1" };
  assert.deepEqual(changesBetween([], [a]), [{ kind: "joined", instance: a }]);
  assert.deepEqual(changesBetween([a, b], [heavier, c]), [
    { kind: "left", instance: a },
    { kind: "changed", instance: heavier },
    { kind: "joined", instance: c },
  ]);
  assert.deepEqual(changesBetween([a, b], [{ ...b }, { ...a }]), []);
});

test("a change is one line, whatever an instance says of itself", () => {
  const at = new Date(2026, 0, 2, 3, 4, 5, 6);
  const instance = { address: "a:1", weight: 2, zone: "z\u001b[2J", metadata: { version: "1\n2" } };
  assert.equal(
    renderChange({ kind: "changed", instance }, 2, at),
    "03:04:05.006 ~ a:1 weight 2 zone z\\u001b[2J version=1\\u000a2 (2 instances)",
  );
  assert.deepEqual(JSON.parse(renderChangeJson({ kind: "left", instance }, 1, at)), {
    time: at.toISOString(),
    change: "left",
    instance,
    count: 1,
  });
});
