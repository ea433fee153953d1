import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setLogger } from "../log.js";
import { countFrom, isSwitchedOn } from "./environment.js";

const warnings: string[] = [];
const NAME = "ROLLCALL_TEST_VARIABLE";

beforeEach(() => {
  warnings.length = 0;
  const none = () => {};
  setLogger({ debug: none, info: none, warn: (_facts, message) => warnings.push(message), error: none });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith(NAME)) delete process.env[name];
});

test("a switch is a yes or a no; anything else is told once, and is a no", () => {
  for (const [text, on] of Object.entries({
    1: true,
    TRUE: true,
    " on ": true,
    yes: true,
    0: false,
    off: false,
    "": false,
  })) {
    process.env[NAME] = text;
    assert.equal(isSwitchedOn(NAME), on, text);
  }
  delete process.env[NAME];
  assert.equal(isSwitchedOn(NAME), false);
  assert.deepEqual(warnings, []);
  process.env[NAME] = "enabled";
  assert.deepEqual([isSwitchedOn(NAME), isSwitchedOn(NAME)], [false, false]);
  assert.deepEqual(warnings, [`$${NAME} is not 1 or 0; it is taken for 0`]);
});

test("a count is a whole number; anything else is told, and the default taken", () => {
  const other = `${NAME}_COUNT`;
  for (const [text, count] of Object.entries({ 0: 0, 512: 512, "": 4096, " 8 ": 8 })) {
    process.env[other] = text;
    assert.equal(countFrom(other, 4096), count);
  }
  assert.deepEqual(warnings, []);
  process.env[other] = "-1";
  assert.equal(countFrom(other, 4096), 4096);
  assert.deepEqual(warnings, [`$${other} is not a whole number; it is taken for 4096`]);
});
