import assert from "node:assert/strict";
import { test } from "node:test";
import { type Kind, Kinds } from "./kinds.js";
import { Work } from "./work.js";

const kinds = new Kinds();
const [get, report, watch] = [kinds.of("/get"), kinds.of("/report"), kinds.of("/watch")] as const;
/** What is in flight costs, as a call of a usual kind sees it. */
const costOf = (work: Work) => work.workFor(new Kinds().of("/usual"));

test("work in flight is what its calls cost when they were picked, and nothing is left over when they are over", () => {
  const work = new Work();
  const reserve = (kind: Kind, cost: number) => {
    kind.cost = cost;
    work.reserve(kind);
  };
  for (let i = 0; i < 10; i++) reserve(get, 0.1 * (i + 1));
  reserve(report, 7.3);
  assert.ok(Math.abs(costOf(work) - 12.8) < 1e-9);
  for (let i = 0; i < 10; i++) assert.ok(work.start());
  assert.ok(work.release(report));
  assert.ok(Math.abs(costOf(work) - 5.5) < 1e-9);
  for (let i = 0; i < 10; i++) assert.ok(work.end(get, false));
  assert.equal(costOf(work) === 0 && work.pending === 0, true);
  assert.equal(work.end(get, false) || work.start() || work.release(get) || work.answer(get), false);
});

test("a dear call in flight is in the way of a cheap one by its cost and by being one, half and half", () => {
  const work = new Work();
  const [cheap, dear] = [new Kinds().of("/cheap"), new Kinds().of("/dear")] as const;
  cheap.costShare = 0.5;
  dear.cost = 7;
  for (let i = 0; i < 2; i++) work.reserve(dear);
  assert.deepEqual([work.workFor(dear), work.workFor(cheap)], [14, 8]);
});

test("a stream that has answered is no work, and is counted among the streams of its kind", () => {
  const work = new Work();
  for (let i = 0; i < 3; i++) {
    work.reserve(watch);
    work.start();
    work.answer(watch);
  }
  work.reserve(get);
  assert.deepEqual([costOf(work), work.pending, work.open, work.streamsOf(watch), watch.open], [1, 1, 3, 3, 3]);
  work.end(watch, true);
  assert.deepEqual([work.open, watch.open], [2, 2]);
});

test("an end whose kind was forgotten meanwhile ends a call of another", () => {
  const work = new Work();
  work.reserve(get);
  work.start();
  assert.ok(work.end(report, false));
  assert.equal(work.pending, 0);
});

test("calls that cost as much as a mean call are counted, whatever their kind cost when they end", () => {
  const work = new Work();
  const [now, drifting] = [new Kinds().of("/now"), new Kinds().of("/drifting")] as const;
  for (let i = 0; i < 3; i++) work.reserve(drifting);
  drifting.cost = 5;
  work.reserve(drifting);
  work.reserve(now);
  assert.equal(costOf(work), 9);
  for (let i = 0; i < 3; i++) work.release(drifting);
  assert.equal(costOf(work), 2);
  work.release(now);
  work.release(drifting);
  assert.equal(costOf(work), 0);
});
