// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expandEnv } from "./env.js";

test("a variable in braces is replaced, everything else stays", () => {
  const env = { HOST: "10.0.0.1", EMPTY: "", "a.b": "dotted", NESTED: "${HOST}" };
  for (const [file, text] of [
    ["Hosts: [${HOST}:2379]", "Hosts: [10.0.0.1:2379]"],
    ["${HOST}${HOST}", "10.0.0.110.0.0.1"],
    ["a${EMPTY}b", "ab"],
    ["a${MISSING}b", "ab"],
    ["${a.b}", "dotted"],
    ["${NESTED}", "${HOST}"],
    ["pa$HOST $$ $1 $", "pa$HOST $$ $1 $"],
    ["${} ${HOST", "${} ${HOST"],
  ] as const) {
    assert.equal(expandEnv(file, env).text, text, file);
  }
});

test("a variable that is not set is told apart from an empty one", () => {
  const { unset } = expandEnv("a: ${EMPTY}\nb: ${MISSING}", { EMPTY: "" });
  assert.deepEqual(unset, [{ name: "MISSING", offset: 15 }]);
});

test("places in the expanded text are found again in the file", () => {
  const file = "a: ${LONG} x\nb: ${SHORT} y";
  const { text, fileOffset } = expandEnv(file, { LONG: "a value longer than its name", SHORT: "1" });
  for (const mark of ["x", "b:", "y"]) assert.equal(fileOffset(text.indexOf(` ${mark}`)), file.indexOf(` ${mark}`));
  assert.equal(fileOffset(0), 0);
});
