import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const page = readFileSync("docs/architecture.md", "utf8");

test("every file of the walks is there, and no walk has more than 15 stops", () => {
  const walks = [...page.matchAll(/^### .* walk, .*\n\n((?:\d+\. .*\n)+)/gm)].map(([, stops]) =>
    stops!.trim().split("\n"),
  );
  assert.equal(walks.length, 2);
  for (const stops of walks) {
    assert.ok(stops.length <= 15, `${stops.length} stops`);
    for (const stop of stops) {
      const [, file] = /^\d+\. `(src\/[^`]+)`: ./.exec(stop) ?? [];
      assert.ok(file !== undefined && existsSync(file), stop);
    }
  }
});

test("every file that the page names is there", () => {
  const [before, after] = page.split(/<!-- map -->[\s\S]*<!-- \/map -->/u);
  for (const [, file] of `${before}${after}`.matchAll(/`(src\/[\w./-]+\.ts)`/g)) assert.ok(existsSync(file!), file);
});

test("a newcomer is told where to add a backend, a key, a reason to avoid an instance, a metric and a command", () => {
  const [, where] = page.split("## Where a new line belongs");
  for (const what of ["A backend", "A key of YAML", "A reason to avoid an instance", "A metric", "A command"]) {
    assert.ok(where!.includes(`**${what}`), what);
  }
});
