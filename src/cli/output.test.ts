import assert from "node:assert/strict";
import { test } from "node:test";
import { shown, toJson } from "./output.js";

test("whatever stands in a registry, a line is one line: nobody can write a further one into a log", () => {
  assert.equal(shown("+ 10.0.0.1:80 zone a\n- 10.0.0.2:80"), "+ 10.0.0.1:80 zone a\\u000a- 10.0.0.2:80");
  assert.equal(shown("a\u2028b\u001b[2J\r"), "a\\u2028b\\u001b[2J\\u000d");
});

test("what stands in a list under the name of a secret is one", () => {
  assert.equal(toJson({ tokens: ["abc", { a: "b" }], count: 2 }), '{"tokens":["...",{"a":"..."}],"count":2}');
});
