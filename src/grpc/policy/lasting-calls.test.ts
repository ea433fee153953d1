import assert from "node:assert/strict";
import { test } from "node:test";
import { LastingCalls } from "./lasting-calls.js";

test("a call that ends within a turn is none that lasts, one that goes on is, once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const calls = new LastingCalls(10);
  const streams: string[] = [];
  const call = (name: string) => ({ goesOn: () => void streams.push(name) });
  const unary = call("unary");
  const stream = call("stream");
  calls.add(unary);
  calls.add(stream);
  t.mock.timers.tick(1);
  calls.remove(unary);
  for (let turn = 0; turn < 3; turn++) t.mock.timers.tick(10);
  assert.deepEqual(streams, ["stream"]);
  calls.remove(stream);
  const later = call("later");
  calls.add(later);
  for (let turn = 0; turn < 3; turn++) t.mock.timers.tick(10);
  assert.deepEqual(streams, ["stream", "later"]);
});
