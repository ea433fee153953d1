import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fixes } from "../without-fixes/index.mjs";

test("every fix that can be taken out stands in the sources, and the test that would miss it in its file", () => {
  for (const { item, changes, test, name } of fixes) {
    for (const [file, text] of changes)
      assert.equal(readFileSync(file, "utf8").split(text).length, 2, `${item}: "${text}" stands once in ${file}`);
    const found = titlesIn(readFileSync(test, "utf8")).some((title) => begins(title, name));
    assert.ok(found, `${item}: ${test} has "${name}"`);
  }
});

/** What stands between the quotes of `test("…"`. */
function titlesIn(source: string): string[] {
  const titles = source.matchAll(/\btest\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs);
  return [...titles].map(([, , title]) => title!.replace(/\\(.)/g, "$1"));
}

/** Whether the title of a test begins so; in place of `${…}` anything may stand, and then the name is the whole title. */
function begins(title: string, name: string): boolean {
  const parts = title.split(/\$\{[^}]*\}/);
  if (title.startsWith(name) || (parts.length > 1 && parts[0]!.startsWith(name))) return true;
  const pattern = parts.map((part) => part.replace(/[$()*+.?[\\\]^{|}/]/g, "\\$&")).join(".+");
  return parts.length > 1 && new RegExp(`^${pattern}$`, "s").test(name);
}
