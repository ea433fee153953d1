import assert from "node:assert/strict";
import { test } from "node:test";
import { FirstAnswers } from "./first-answers.js";

test("a call that ends soon after its first message is none that streams, one that goes on is, once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const answers = new FirstAnswers();
  const streams: string[] = [];
  const call = (name: string) => ({ goesOn: () => void streams.push(name) });
  const unary = call("unary");
  const stream = call("stream");
  answers.came(unary);
  answers.came(stream);
  t.mock.timers.tick(1);
  answers.ended(unary);
  for (let turn = 0; turn < 3; turn++) t.mock.timers.tick(10);
  assert.deepEqual(streams, ["stream"]);
  answers.ended(stream);
  const later = call("later");
  answers.came(later);
  for (let turn = 0; turn < 3; turn++) t.mock.timers.tick(10);
  assert.deepEqual(streams, ["stream", "later"]);
});
