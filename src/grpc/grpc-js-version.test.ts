import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkVersion, SUPPORTED } from "./grpc-js-version.js";

test("versions whose experimental API is known and that have no known hole are accepted", () => {
  for (const version of ["1.13.5", "1.13.99", "1.14.4", "1.14.7", "1.14.10"]) checkVersion(version);
});

test("others are refused with a sentence that names the range and the fix; those with a hole with its number", () => {
  for (const version of ["1.12.6", "1.15.0", "2.0.0", "0.13.5"]) {
    assert.throws(() => checkVersion(version), {
      message: new RegExp(`${escaped(SUPPORTED)}, but ${version} is installed`),
    });
  }
  for (const version of ["1.13.0", "1.13.4", "1.14.0", "1.14.3"]) {
    assert.throws(() => checkVersion(version), /CVE-2026-48068/);
  }
});

test("package.json and SECURITY.md state the range that is checked, and SECURITY.md why", () => {
  const { peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  assert.equal(peerDependencies["@grpc/grpc-js"], SUPPORTED);
  const security = readFileSync("SECURITY.md", "utf8");
  for (const range of SUPPORTED.split(" || ")) assert.ok(security.includes(`\`${range}\``), range);
  for (const hole of ["CVE-2026-48068", "CVE-2026-48069"]) assert.ok(security.includes(hole), hole);
});

function escaped(text: string): string {
  return text.replace(/[.|]/g, "\\$&");
}
