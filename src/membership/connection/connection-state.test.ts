import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ConnectionEvent, type ConnectionState, isServing, next, upState } from "./connection-state.js";

const states: readonly ConnectionState[] = [
  { is: "idle" },
  { is: "connecting" },
  { is: "connecting", failure: "refused" },
  { is: "checking health" },
  { is: "serving" },
  { is: "not serving" },
  { is: "probing", was: { is: "serving" }, cause: "silence" },
  { is: "probing", was: { is: "not serving" }, cause: "idle" },
  { is: "closed" },
];
const events: readonly ConnectionEvent[] = [
  { type: "dial" },
  { type: "connected", checksHealth: true },
  { type: "connected", checksHealth: false },
  { type: "failed", reason: "refused" },
  { type: "lost" },
  { type: "told", serving: true },
  { type: "told", serving: false },
  { type: "probe", cause: "silence" },
  { type: "alive" },
  { type: "dead" },
  { type: "close" },
];
const after = (...made: readonly ConnectionEvent[]) => made.reduce(next, { is: "idle" } as ConnectionState);

test("a connection is dialled, checked and serves", () => {
  const dialled = after({ type: "dial" });
  assert.deepEqual(dialled, { is: "connecting" });
  const connected = next(dialled, { type: "connected", checksHealth: true });
  assert.deepEqual(connected, { is: "checking health" });
  assert.deepEqual(next(connected, { type: "told", serving: true }), { is: "serving" });
  assert.deepEqual(next(dialled, { type: "connected", checksHealth: false }), { is: "serving" });
});

test("after a failure it counts as failing until an attempt succeeds", () => {
  const failed = after({ type: "dial" }, { type: "failed", reason: "refused" });
  assert.deepEqual(failed, { is: "connecting", failure: "refused" });
  assert.equal(next(failed, { type: "dial" }), failed);
  assert.deepEqual(next(failed, { type: "connected", checksHealth: false }), { is: "serving" });
});

test("a probe keeps what is known of the health; an answer gives it back, silence means dialling anew", () => {
  for (const was of states.filter((state) => upState(state) === state)) {
    const probing = next(was, { type: "probe", cause: "silence" });
    assert.deepEqual(probing, { is: "probing", was, cause: "silence" });
    assert.equal(next(probing, { type: "alive" }), was);
    assert.deepEqual(next(probing, { type: "dead" }), { is: "connecting" });
    assert.deepEqual(next(probing, { type: "lost" }), { is: "idle" });
  }
});

test("a word of health is an answer to a probe", () => {
  const probing: ConnectionState = { is: "probing", was: { is: "serving" }, cause: "idle" };
  assert.deepEqual(next(probing, { type: "told", serving: false }), { is: "not serving" });
});

test("whatever happens: what is closed stays closed, and what means nothing changes nothing", () => {
  for (const event of events) assert.deepEqual(next({ is: "closed" }, event), { is: "closed" });
  for (const state of states) {
    if (!upState(state)) {
      for (const event of events.filter(({ type }) => ["told", "probe", "alive", "dead", "lost"].includes(type))) {
        assert.equal(next(state, event), state, `${state.is} and ${event.type}`);
      }
    }
  }
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (made) => {
      const state = after(...made);
      if (isServing(state)) assert.ok(made.some(({ type }) => type === "connected"));
      if (made.some(({ type }) => type === "close")) assert.equal(state.is, "closed");
    }),
  );
});
