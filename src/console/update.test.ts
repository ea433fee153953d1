import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Fleet, FleetEvent, InstanceRow, MapNode } from "./model.js";
import { sortedRows, updateBetween, updated } from "./update.js";

const row = fc
  .record({
    address: fc.constantFrom("127.0.0.1:1", "127.0.0.2:1", "127.0.0.10:1"),
    service: fc.constantFrom("a", "b"),
    paused: fc.boolean(),
    weight: fc.constantFrom(1, 2),
  })
  .map(
    (some): InstanceRow => ({
      ...some,
      id: `${some.service} ${some.address}`,
      health: "serving",
      zone: "",
      version: "",
      since: 0,
      older: false,
      keys: 1,
      leaseless: false,
    }),
  );
const node = fc.constantFrom("x", "y").map((id): MapNode => ({ id, name: id, kind: "client", size: 1 }));
const fleet = fc
  .record({
    rows: fc.uniqueArray(row, { selector: ({ id }) => id }),
    nodes: fc.uniqueArray(node, { selector: ({ id }) => id }),
    trouble: fc.option(fc.constant("no answer"), { nil: undefined }),
  })
  .map(
    ({ rows, nodes, trouble }): Fleet => ({
      version: 1,
      registry: "etcd",
      rows: sortedRows(rows),
      nodes,
      edges: [],
      events: [],
      ...(trouble !== undefined && { trouble }),
    }),
  );

test("an update makes of the fleet before the one after, whatever has changed", () => {
  fc.assert(
    fc.property(fleet, fleet, (before, after) => {
      const next = { ...after, version: 2 };
      const update = updateBetween(before, next);
      if (update) assert.deepEqual(updated(before, update), next);
      else assert.deepEqual({ ...before, version: 2 }, next);
    }),
  );
});

test("rows that have not changed stay the objects they were, and nothing new is no update", () => {
  const [one, other] = fc.sample(row, { numRuns: 2, seed: 1 }) as [InstanceRow, InstanceRow];
  const before: Fleet = { version: 1, registry: "", rows: [one], nodes: [], edges: [], events: [] };
  assert.equal(updateBetween(before, { ...before, rows: [{ ...one }] }), undefined);
  const update = updateBetween(before, { ...before, rows: [{ ...one }, { ...other, id: "z" }] })!;
  assert.deepEqual(
    update.rows.map(({ id }) => id),
    ["z"],
  );
  assert.ok(updated(before, update).rows.includes(one));
});

test("events are told once, and the oldest are forgotten", () => {
  const event = (id: number): FleetEvent => ({ id, at: 0, kind: "joined", service: "a", who: "b" });
  const before: Fleet = { version: 1, registry: "", rows: [], nodes: [], edges: [], events: [event(1)] };
  const events = Array.from({ length: 600 }, (_, at) => event(at + 1));
  const update = updateBetween(before, { ...before, events })!;
  assert.equal(update.events[0]!.id, 2);
  assert.deepEqual([updated(before, update).events.length, updated(before, update).events.at(-1)!.id], [500, 600]);
});
