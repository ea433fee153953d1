import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChannelRules, channelState } from "./channel-state.js";
import type { ConnectionState } from "./connection/connection-state.js";

const serving: ConnectionState = { is: "serving" };
const unwilling: ConnectionState = { is: "not serving" };
const connecting: ConnectionState = { is: "connecting" };
const checking: ConnectionState = { is: "checking health" };
const failing: ConnectionState = { is: "connecting", failure: "refused" };
const silent: ConnectionState = { is: "probing", was: serving as { is: "serving" }, cause: "silence" };
const idle: ConnectionState = { is: "probing", was: serving as { is: "serving" }, cause: "idle" };

const of = (states: readonly ConnectionState[], rules: Partial<ChannelRules> = {}) =>
  channelState(
    states.map((state, at) => [String(at), state]),
    { patient: true, ...rules },
  );

test("those that serve are used, whatever the others do", () => {
  const state = of([connecting, serving, failing, unwilling, silent, serving]);
  assert.deepEqual(state, { is: "ready", usable: ["1", "5"], panic: false, pending: true });
});

test("those whose calls are not answered are used only where nobody else is", () => {
  assert.deepEqual(of([silent, connecting, unwilling]), { is: "ready", usable: ["0"], panic: false, pending: true });
});

test("one that is probed because it was idle takes no call before it answers", () => {
  assert.deepEqual(of([idle]), { is: "connecting", up: false });
  assert.deepEqual(of([idle, serving]), { is: "ready", usable: ["1"], panic: false, pending: true });
});

test("where calls belong to their instance it keeps its place while it is probed", () => {
  for (const probed of [idle, silent]) {
    const state = of([probed, serving, checking], { keepsProbed: true });
    assert.deepEqual(state, { is: "ready", usable: ["0", "1"], panic: false, pending: true });
  }
});

test("calls wait while one is on its way, and fail only when all have failed", () => {
  for (const pending of [connecting, checking, { is: "idle" } as const]) {
    assert.deepEqual(of([failing, pending]), { is: "connecting", up: false });
  }
  assert.deepEqual(of([failing, failing, { is: "closed" }]), { is: "failing" });
  assert.deepEqual(of([]), { is: "connecting", up: false });
});

test("calls wait for the registry's word where all that failed are only remembered", () => {
  assert.deepEqual(of([failing, failing], { awaited: true }), { is: "connecting", up: false });
  assert.equal(of([failing, serving], { awaited: true }).is, "ready");
});

test("when nobody serves, those that are connected are used: at once, or when the others have had their time", () => {
  assert.deepEqual(of([unwilling, failing]), { is: "ready", usable: ["0"], panic: true, pending: false });
  assert.deepEqual(of([unwilling, connecting]), { is: "connecting", up: true });
  assert.deepEqual(of([unwilling, connecting], { patient: false }), {
    is: "ready",
    usable: ["0"],
    panic: true,
    pending: true,
  });
});

test("where too few serve to carry the load of all, nobody is set aside", () => {
  const one = [serving, unwilling, unwilling];
  assert.deepEqual(of(one), { is: "ready", usable: ["0"], panic: false, pending: false });
  assert.deepEqual(of(one, { maxSetAside: 0.5 }), {
    is: "ready",
    usable: ["0", "1", "2"],
    panic: true,
    pending: false,
  });
});

test("too few that serve are used as long as others are on their way", () => {
  assert.deepEqual(of([serving, unwilling, unwilling, connecting], { maxSetAside: 0.5 }), {
    is: "ready",
    usable: ["0"],
    panic: false,
    pending: true,
  });
});
