import assert from "node:assert/strict";
import { test } from "node:test";
import { goNumber } from "./go-number.js";

test("whole numbers that YAML 1.1 and 1.2 read otherwise are what they are to go-zero", () => {
  for (const [source, value] of [
    ["02000", 1024n],
    ["-012", -10n],
    ["0_7", 7n],
    ["0b11", 3n],
    ["2_000", 2000n],
    ["+1_0", 10n],
    ["00", 0n],
    ["2000", undefined],
    ["0", undefined],
    ["08", undefined],
    ["0x10", undefined],
    ["1e3", undefined],
    ["_1", undefined],
    ["1.5", undefined],
    ["h_1", undefined],
  ] as const) {
    assert.equal(goNumber(source), value, source);
  }
});
