import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface Locked {
  readonly resolved?: string;
  readonly optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Locked> };

test("the lock file names no place to download from", () => {
  assert.deepEqual(
    Object.keys(packages).filter((path) => packages[path]!.resolved),
    [],
  );
});

// A registry that lacks a platform's package makes npm leave it out of the lock file, which `npm ci` then refuses.
test("the lock file holds the packages of every platform, so that npm ci works on each", () => {
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)));
  assert.deepEqual(missing, []);
});
