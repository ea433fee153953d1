import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "./candidates.js";

test("what completes a word is offered once, in order, and nothing that steers the terminal", () => {
  assert.deepEqual(fitting(["pay.rpc", "order.rpc", "order.rpc", "or\u001b[2J"], "o"), ["order.rpc"]);
});

test("an empty candidate is none: in zsh, as the first one, it stood for having nothing to offer", () => {
  assert.deepEqual(fitting(["", "pay.rpc", "order.rpc"], ""), ["order.rpc", "pay.rpc"]);
});
