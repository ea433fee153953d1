import assert from "node:assert/strict";
import { test } from "node:test";
import { FirstAnswers } from "./first-answers.js";

test("a call that ends soon after its first message is none that streams, one that goes on is, once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const answers = new FirstAnswers();
  const streams: string[] = [];
  const unary = answers.came(() => streams.push("unary"));
  const stream = answers.came(() => streams.push("stream"));
  t.mock.timers.tick(1);
  assert.equal(unary.ended(), false);
  for (let turn = 0; turn < 3; turn++) t.mock.timers.tick(10);
  assert.deepEqual(streams, ["stream"]);
  assert.equal(stream.ended(), true);
  assert.equal(unary.ended(), false);
  const later = answers.came(() => streams.push("later"));
  for (let turn = 0; turn < 3; turn++) t.mock.timers.tick(10);
  assert.equal(later.ended(), true);
  assert.deepEqual(streams, ["stream", "later"]);
});
