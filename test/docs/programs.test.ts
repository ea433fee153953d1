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
