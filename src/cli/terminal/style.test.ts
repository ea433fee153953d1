import assert from "node:assert/strict";
import { test } from "node:test";
import { hasColours, painter } from "./style.js";

test("colours are for terminals, never with NO_COLOR, and can be forced", () => {
  const [terminal, pipe] = [{ isTTY: true }, {}];
  for (const [stream, env, colours] of [
    [terminal, {}, true],
    [pipe, {}, false],
    [terminal, { TERM: "dumb" }, false],
    [terminal, { NO_COLOR: "1" }, false],
    [terminal, { NO_COLOR: "" }, true],
    [pipe, { FORCE_COLOR: "1" }, true],
    [pipe, { FORCE_COLOR: "" }, true],
    [terminal, { FORCE_COLOR: "0" }, false],
    [terminal, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ] as const) {
    assert.equal(hasColours(stream, env), colours, JSON.stringify([stream, env]));
  }
  assert.equal(painter(terminal, {})("down", "red"), "\u001b[31mdown\u001b[39m");
  assert.equal(painter(pipe, {})("down", "red"), "down");
});
