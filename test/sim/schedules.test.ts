import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "./simulation.js";

/** Some ten seconds of one core. */
const A_DAYS_SEEDS = "300";

test("no schedule of today's breaks a promise", async (t) => {
  const { code, output } = await simulate("--seeds", A_DAYS_SEEDS);
  t.diagnostic(output.split("\n")[0]!);
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`schedules ${A_DAYS_SEEDS}, faults injected \\d{3,}, calls made \\d{4,}`));
  assert.match(output, /violations 0/);
});

test("every schedule that once failed is mended", async () => {
  const { code, output } = await simulate("--kept");
  assert.equal(code, 0, output);
});

test("a seed decides everything: it tells the same story twice", async () => {
  for (const seed of ["7", "1311", "104729"]) {
    const first = await simulate("--seed", seed);
    const second = await simulate("--seed", seed);
    assert.match(first.output, /fingerprint \d+/);
    assert.equal(first.output, second.output);
  }
});

test("a seed out of many tells the story that it tells alone", async () => {
  const alone = await simulate("--seeds", "1", "--base", "61", "--prints");
  const among = await simulate("--seeds", "30", "--base", "40", "--prints");
  const print = /seed 61: fingerprint \d+/.exec(alone.output)?.[0];
  assert.ok(print);
  assert.ok(among.output.includes(print), among.output);
});
