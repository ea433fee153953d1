import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** What docs/troubleshooting.md quotes of errors and of the log. */
const QUOTED = [
  "is not serving",
  "can take a call",
  "service overloaded",
  "said that they are overloaded",
  "circuit breaker is open",
  "stopping gracefully",
  "time is up: calls still in flight are ended",
  '"stopped"',
  "two copies of @grpc/grpc-js",
  "rollcall works with @grpc/grpc-js",
];

const sources = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

test("what docs/troubleshooting.md quotes is what the sources say", () => {
  // A quotation may be broken by the end of a line there.
  const page = readFileSync("docs/troubleshooting.md", "utf8").replaceAll("\n", " ");
  for (const words of QUOTED) {
    assert.ok(page.includes(words.replaceAll('"', "`")) || page.includes(words), `not on the page: ${words}`);
    assert.ok(
      sources.some((source) => source.includes(words)),
      `in no source: ${words}`,
    );
  }
});
