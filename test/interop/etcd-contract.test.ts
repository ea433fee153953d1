import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { interopProgram, interopSkipReason } from "../support/real-parts/gozero.js";

const skip = interopSkipReason();

test("a real etcd passes the checks of etcd's Go client", { skip: skip || etcdSkipReason() }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.stop());
  await assertContract(etcd.endpoint);
});

test("so does the dev registry", { skip }, async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  await assertContract(registry.endpoint);
});

async function assertContract(endpoint: string): Promise<void> {
  const output = await new Promise<string>((resolve) => {
    execFile(interopProgram("etcd-contract"), ["-endpoints", endpoint], (_, stdout) => resolve(stdout));
  });
  const checks = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { check: string; ok: boolean; error?: string });
  assert.ok(checks.length >= 14, `only ${checks.length} checks ran`);
  assert.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
}
