import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** The pages whose programs and configuration are shown whole, or in part, as the tests run them. */
const PAGES = ["nestjs", "servers", "docker-and-kubernetes", "tls", "testing"];

const programs = readdirSync("examples", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

for (const page of PAGES) {
  test(`every program, file and configuration of docs/${page}.md is one that is run`, () => {
    const text = readFileSync(`docs/${page}.md`, "utf8");
    const shown = [...text.matchAll(/^```(?:ts|js|yaml|dockerfile|json)\n(.*?)^```/gms)].map(([, block]) => block!);
    assert.ok(shown.length > 0);
    for (const block of shown) {
      assert.ok(
        programs.some((program) => program.includes(block)),
        `no program has:\n${block}`,
      );
    }
  });
}

/** What a diff leaves: its lines without those that go, as they are without their indentation. */
function outcome(diff: string): string {
  const lines = diff.split("\n").filter((line) => !line.startsWith("-"));
  return lines.map((line) => line.slice(1).trim()).join("\n");
}

test("every change that docs/migration.md shows ends in a program or file that is run", () => {
  const unindented = programs.map((program) => program.replaceAll(/^[ ]+/gm, ""));
  const shown = [...readFileSync("docs/migration.md", "utf8").matchAll(/^```diff\n(.*?)^```/gms)].map(
    ([, diff]) => diff!,
  );
  assert.ok(shown.length > 0);
  for (const diff of shown) {
    assert.ok(
      unindented.some((program) => program.includes(outcome(diff))),
      `no program has:\n${outcome(diff)}`,
    );
  }
});
