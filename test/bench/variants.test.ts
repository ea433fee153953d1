import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { WAYS, weighing } from "../../bench/sim/variants/reporting.js";
import { variant } from "../../bench/sim/variants/variant.js";

const CONSTANTS = readFileSync(new URL("../../src/balancer/p2c/constants.ts", import.meta.url), "utf8");

test("bench:constants and bench:reports find in the balancer's source what they change", async () => {
  const [line = ""] = /^export const RECENT_MS = \d+;$/m.exec(CONSTANTS) ?? [];
  assert.ok(
    await variant("test-constant", [{ file: "p2c/constants.ts", from: line, to: "export const RECENT_MS = 1;" }]),
  );
  const ways = new Map(WAYS.map((way) => [way.leans, way]));
  for (const way of ways.values()) {
    const { P2cEwma } = await weighing(way);
    const balancer = new P2cEwma<string>();
    balancer.set(["a"]);
    const node = balancer.pick()!;
    node.started();
    node.ended(1, true);
    assert.ok(balancer.pick(), way.leans);
  }
});
