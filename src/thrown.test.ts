import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { messageOf } from "./thrown.js";

test("whatever was thrown has a message: an error of another realm, many errors at once, a text, nothing", () => {
  assert.equal(messageOf(new TypeError("no port")), "no port");
  assert.equal(messageOf(runInNewContext('new Error("of another realm")')), "of another realm");
  assert.equal(messageOf(new AggregateError([new Error("a refused"), "b"])), "a refused; b");
  assert.equal(messageOf(runInNewContext('new AggregateError([new Error("a refused")])')), "a refused");
  assert.equal(messageOf(new AggregateError([new Error("a refused")], "nobody answers")), "nobody answers");
  assert.equal(messageOf("a text"), "a text");
  assert.equal(messageOf(undefined), "undefined");
});
