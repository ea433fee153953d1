import assert from "node:assert/strict";
import { test } from "node:test";
import { lifeOf } from "../testing/paper-registry.js";
import { type HttpEvent, type HttpState, next } from "./http-state.js";

function after(...events: HttpEvent["is"][]): HttpState["is"] {
  let state: HttpState = { is: "waiting" };
  for (const is of events) state = next(state, is === "listen" ? { is, life: lifeOf() } : { is });
  return state.is;
}

test("before it listens the last one asked for wins, and a stop is final", () => {
  assert.equal(after("pause"), "paused");
  assert.equal(after("pause", "resume"), "waiting");
  assert.equal(after("pause", "resume", "pause"), "paused");
  assert.equal(after("close", "resume"), "closed");
  assert.equal(after("close", "listen"), "closed");
});

test("once it listens its life alone says how it is", () => {
  const listening: HttpState = { is: "listening", life: lifeOf() };
  for (const is of ["pause", "resume", "close"] as const) assert.equal(next(listening, { is }), listening);
  assert.equal(after("pause", "listen"), "listening");
});
