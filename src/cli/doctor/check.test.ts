import assert from "node:assert/strict";
import { test } from "node:test";
import { type Check, ok, orFailed, renderCheck } from "./check.js";

test("what goes wrong unforeseen while one section is examined is a failed check", async () => {
  async function* breaking(): AsyncGenerator<Check> {
    yield ok("OrderRpc", "takes connections");
    throw new TypeError("no such thing");
  }
  const checks: Check[] = [];
  for await (const check of orFailed("OrderRpc", breaking())) checks.push(check);
  assert.deepEqual(
    checks.map(({ outcome, subject, message }) => `${outcome} ${subject}: ${message}`),
    ["ok OrderRpc: takes connections", "failed OrderRpc: cannot be examined: no such thing"],
  );
  assert.ok(checks[1]!.advice);
});

test("a subject is no name of a secret that its message would be, and neither shows one", () => {
  const plain = (text: string) => text;
  assert.equal(renderCheck(ok("AccessToken", "10.0.0.1:8080 answers"), plain), "✓ AccessToken: 10.0.0.1:8080 answers");
  assert.equal(renderCheck(ok("a pass=x", "b token=y"), plain), "✓ a pass=...: b token=...");
});
