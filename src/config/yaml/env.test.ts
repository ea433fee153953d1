// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Variables } from "./env.js";

test("a variable in braces is replaced, everything else stays", () => {
  const env = { HOST: "10.0.0.1", EMPTY: "", "a.b": "dotted", NESTED: "${HOST}", X: "x" };
  for (const [file, text] of [
    ["Hosts: [${HOST}:2379]", "Hosts: [10.0.0.1:2379]"],
    ["${HOST}${HOST}", "10.0.0.110.0.0.1"],
    ["a${EMPTY}b", "ab"],
    ["a${MISSING}b", "ab"],
    ["${a.b}", "dotted"],
    ["${NESTED}", "${HOST}"],
    ["pa$HOST $$ $1 $", "pa$HOST $$ $1 $"],
    ["${} ${HOST", "${} ${HOST"],
    ["${X}".repeat(1_000), "x".repeat(1_000)],
  ] as const) {
    const variables = new Variables(file, env);
    assert.equal(variables.text.length, file.length, "places stay");
    assert.equal(variables.expand(variables.text), text, file);
    assert.equal(variables.unmark(variables.text), file);
  }
});

test("a variable that is not set is told apart from an empty one, and from one that no value uses", () => {
  const variables = new Variables("a: ${EMPTY}\nb: ${MISSING} # ${COMMENT}", { EMPTY: "" });
  variables.expand(variables.text.slice(0, variables.text.indexOf("#")));
  assert.deepEqual(variables.unset(), [{ name: "MISSING", offset: 15 }]);
});
