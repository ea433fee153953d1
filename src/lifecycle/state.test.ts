import assert from "node:assert/strict";
import { test } from "node:test";
import { isLive, type LifeEvent, type LifeState, next } from "./state.js";

const because = new Error("no such tenant");

/** The states passed through, `to` behind an arrow. */
function life(...events: (Exclude<LifeEvent["is"], "failed"> | Error)[]): string {
  let state: LifeState = { is: "new" };
  const passed = events.map((event) => {
    state = next(state, event instanceof Error ? { is: "failed", because: event } : { is: event });
    const to = "to" in state ? `>${state.to}` : "";
    return `${state.is}${to}${"because" in state && state.because ? "!" : ""}`;
  });
  return passed.join(" ");
}

test("a server binds, is listed, and at stop leaves, drains, closes", () => {
  assert.equal(
    life("start", "bound", "entered", "stop", "left", "drained", "closed"),
    "binding>entering entering serving leaving>draining draining closing stopped",
  );
});

test("what has not ended in time is killed, and a close that fails is as one that takes too long", () => {
  const serving = ["start", "bound", "entered", "stop", "left", "drained"] as const;
  assert.match(life(...serving, "timeUp", "killed"), /closing killing stopped$/);
  assert.match(life(...serving, because, because), /closing killing stopped$/);
});

test("a pause leaves and a resume enters again; the last one asked for wins while the other is under way", () => {
  assert.equal(
    life("start", "bound", "entered", "pause", "left", "resume", "entered"),
    "binding>entering entering serving leaving>paused paused entering serving",
  );
  assert.match(life("start", "pause", "bound"), /binding>paused paused$/);
  assert.match(life("start", "pause", "resume", "bound"), /binding>entering entering$/);
  assert.match(life("start", "bound", "pause", "left"), /leaving>paused paused$/);
  assert.match(life("start", "bound", "entered", "pause", "resume", "left"), /leaving>entering entering$/);
  assert.match(life("start", "bound", "entered", "pause", "resume", "pause", "left"), /leaving>paused paused$/);
});

test("a paused server is drained no more, one that is about to be paused is", () => {
  assert.match(life("start", "bound", "entered", "pause", "left", "stop"), /paused closing$/);
  assert.match(life("start", "bound", "entered", "pause", "stop", "left"), /leaving>draining draining$/);
});

test("a stop is obeyed whenever it comes, and a start after it means nothing", () => {
  assert.equal(life("stop", "start"), "stopped stopped");
  assert.equal(life("start", "stop", "bound"), "binding>entering binding>closing closing");
  assert.equal(life("start", "stop", because), "binding>entering binding>closing stopped");
  assert.match(life("start", "bound", "stop", "left"), /entering leaving>draining draining$/);
});

test("a refusal for good ends a start, and leaves a resumed server paused", () => {
  assert.equal(life("start", because), "binding>entering stopped!");
  assert.match(life("start", "bound", because, "left"), /entering leaving>stopped! stopped!$/);
  const paused = ["start", "bound", "entered", "pause", "left", "resume"] as const;
  assert.match(life(...paused, because, "left"), /entering leaving>paused! paused!$/);
  assert.match(life(...paused, because, "left", "resume", "entered"), /paused! entering serving$/);
});

test("an event that means nothing in a state leaves it as it is", () => {
  const states: LifeState[] = [
    { is: "new" },
    { is: "serving" },
    { is: "paused" },
    { is: "draining" },
    { is: "killing" },
    { is: "stopped", because },
  ];
  for (const state of states) assert.equal(next(state, { is: "entered" }), state);
});

test("only what is started and not asked to stop can be paused", () => {
  const live: LifeState[] = [
    { is: "binding", to: "entering" },
    { is: "entering", resumed: false },
    { is: "serving" },
    { is: "leaving", to: "paused" },
    { is: "paused" },
  ];
  const over: LifeState[] = [
    { is: "new" },
    { is: "binding", to: "closing" },
    { is: "leaving", to: "draining" },
    { is: "leaving", to: "stopped", because },
    { is: "draining" },
    { is: "closing" },
    { is: "stopped" },
  ];
  assert.deepEqual([live.map(isLive), over.map(isLive)], [live.map(() => true), over.map(() => false)]);
});
