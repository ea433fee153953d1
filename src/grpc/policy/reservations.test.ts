import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Node } from "../../balancer/node.js";
import { Reservations } from "./reservations.js";

/** After this a pick that has not started a call never will. */
const EXPIRY_MS = 10_000;

let now: number;
let released: number;
let reservations: Reservations;
const node = { released: () => (released += 1) } as unknown as Node<unknown>;

beforeEach(() => {
  now = 0;
  released = 0;
  reservations = new Reservations(() => now);
});

test("a pick whose call starts is never given back", () => {
  const reservation = reservations.add(node, undefined);
  assert.equal(reservation.settle(), true);
  now = 2 * EXPIRY_MS;
  reservations.expire();
  assert.deepEqual([released, reservation.expired], [0, false]);
});

test("a pick whose call never starts is given back once its time is over, and only once", () => {
  const reservation = reservations.add(node, undefined);
  now = EXPIRY_MS - 1;
  reservations.expire();
  assert.equal(released, 0);
  now = EXPIRY_MS;
  reservations.expire();
  reservations.expire();
  assert.deepEqual([released, reservation.expired], [1, true]);
  assert.equal(reservation.settle(), false, "its call comes too late to count");
});

test("one that never starts holds up none of those after it", () => {
  const picks = Array.from({ length: 3_000 }, () => reservations.add(node, undefined));
  for (const [at, pick] of picks.entries()) if (at % 3) pick.settle();
  now = EXPIRY_MS;
  const late = reservations.add(node, undefined);
  reservations.expire();
  assert.equal(released, 1_000);
  now = 2 * EXPIRY_MS;
  reservations.expire();
  assert.deepEqual([released, late.expired], [1_001, true]);
});
