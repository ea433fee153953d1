import assert from "node:assert/strict";
import { test } from "node:test";
import { plants } from "../../sim/plants.mjs";
import { simulate } from "./simulation.js";

for (const { name } of plants) {
  test(`a planted bug is found within 1,000 seeds: ${name}`, async (t) => {
    const { code, output } = await simulate("--plant", name, "--seeds", "1000", "--base", "1", "--most", "1");
    assert.equal(code, 1, output);
    assert.match(output, /seed \d+ fails: npm run sim -- --seed \d+ --only [\d,]+/);
    t.diagnostic(/schedules \d+/.exec(output)![0]);
  });
}
