import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { LookupQueue, type LookupTicket } from "./lookup-queue.js";

const settle = () => new Promise(setImmediate);

/** Lookups that end when the test says so; `started` tells which have had their turn. */
function lookups() {
  const queue = new LookupQueue();
  const started = new Set<string>();
  const end = new Map<string, () => void>();
  const ask = (name: string, ticket: LookupTicket) => {
    void queue.run(ticket, () => {
      started.add(name);
      return new Promise<void>((resolve) => end.set(name, resolve));
    });
  };
  return { ask, started, end: (name: string) => end.get(name)!() };
}

test("300 silent names of one service delay no name of another", async () => {
  const { ask, started } = lookups();
  for (let i = 0; i < 300; i++) ask(`silent-${i}`, { owner: "sick" });
  ask("good", { owner: "well" });
  await settle();
  assert.ok(started.has("good"));
  assert.equal(started.size, 65, "the sick one has its share");
});

test("places go round between services, however many names each of them has", async () => {
  const { ask, started, end } = lookups();
  for (const owner of ["a", "b", "c", "d"]) for (let i = 0; i < 300; i++) ask(`${owner}${i}`, { owner });
  ask("good", { owner: "well" });
  await settle();
  assert.equal(started.has("good"), false, "all places are taken");
  end("a0");
  await settle();
  assert.equal(started.has("good"), true, "the next place is its own, before 944 others");
});

test("names that failed last time come after those that may answer, and never take all places", async () => {
  const { ask, started, end } = lookups();
  for (let i = 0; i < 200; i++) ask(`failing-${i}`, { owner: "s", failing: true });
  await settle();
  assert.equal(started.size, 16);
  ask("fresh", { owner: "s" });
  await settle();
  assert.ok(started.has("fresh"));
  end("failing-0");
  await settle();
  assert.equal(started.size, 18, "a failing one follows a failing one");
});

test("a silent lookup makes way after a second, and its answer still counts", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { ask, started, end } = lookups();
  for (let i = 0; i < 64; i++) ask(`silent-${i}`, { owner: "s" });
  ask("good", { owner: "s" });
  await settle();
  assert.equal(started.has("good"), false);
  mock.timers.tick(1_000);
  await settle();
  assert.equal(started.has("good"), true);
  end("silent-0");
  end("good");
  await settle();
  mock.timers.reset();
});
