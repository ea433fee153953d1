import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

const root = mkdtempSync(join(tmpdir(), "rollcall-house-"));
cpSync("src", join(root, "src"), { recursive: true });
mkdirSync(join(root, "docs"));
cpSync("docs/architecture.md", join(root, "docs/architecture.md"));
after(() => rmSync(root, { recursive: true, force: true }));

/** What the check says of the sources with one more file, or one more line in a file. */
function checkWith(file: string, line: string): { status: number | null; stderr: string } {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  const before = readIfThere(path);
  writeFileSync(path, `${before ?? ""}\n${line}\n`);
  try {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/check-imports.mjs", root], { encoding: "utf8" });
    return { status, stderr };
  } finally {
    if (before === undefined) rmSync(path);
    else writeFileSync(path, before);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

test("the sources as they are pass", () => {
  assert.deepEqual(checkWith("src/balancer/planted.ts", ""), { status: 0, stderr: "" });
});

for (const [promise, file, line, said] of [
  [
    "an arrow that runs back up the map fails",
    "src/config/yaml/env.ts",
    'import "../../backends/table.js";',
    /src\/backends\/ is below it/,
  ],
  [
    "a type is an arrow too",
    "src/target/forms.ts",
    'import type { X } from "../config/yaml/env.js";',
    /src\/config\/ is below it/,
  ],
  [
    "so is an import on demand",
    "src/async/backoff.ts",
    'void import("../target/forms.js");',
    /src\/target\/ is below it/,
  ],
  [
    "the balancer imports nothing of the rest",
    "src/balancer/planted.ts",
    'import "../grpc/shield.js";',
    /src\/grpc\/ is below it/,
  ],
  [
    "discovery is free of gRPC",
    "src/discovery/planted.ts",
    'import { status } from "@grpc/grpc-js";',
    /to be free of gRPC/,
  ],
  ["the pool is free of gRPC", "src/pool/planted.ts", 'import "@grpc/grpc-js";', /to be free of gRPC/],
  [
    "the balancer is free of gRPC",
    "src/balancer/planted.ts",
    'export { Client } from "@grpc/grpc-js";',
    /to be free of gRPC/,
  ],
  [
    "grpc and pool do not import each other",
    "src/pool/planted.ts",
    'import "../grpc/shield.js";',
    /stand side by side with src\/pool\//,
  ],
  [
    "a circle of two files fails",
    "src/target/forms.ts",
    'import "./parse.js";',
    /a circle: src\/target\/forms\.ts -> src\/target\/parse\.ts -> src\/target\/forms\.ts/,
  ],
  [
    "the sources import nothing of the tests",
    "src/async/backoff.test.ts",
    'import "../../test/support/network/ports.js";',
    /nothing from outside itself/,
  ],
  ["a folder that the map does not know fails", "src/elsewhere/planted.ts", "", /has no place in the map/],
] as const) {
  test(`planted: ${promise}`, () => {
    const { status, stderr } = checkWith(file, line);
    assert.equal(status, 1);
    assert.match(stderr, said);
  });
}
