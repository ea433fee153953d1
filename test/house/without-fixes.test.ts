import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fixes } from "../without-fixes/index.mjs";

test("every fix that can be taken out stands in the sources, and the test that would miss it in its file", () => {
  for (const { item, changes, test, name } of fixes) {
    for (const [file, text] of changes)
      assert.equal(readFileSync(file, "utf8").split(text).length, 2, `${item}: "${text}" stands once in ${file}`);
    const [words] = name.split(/[$`"\\]/);
    assert.ok(readFileSync(test, "utf8").includes(words!), `${item}: ${test} has "${words}"`);
  }
});
