import assert from "node:assert/strict";
import { test } from "node:test";
import { setLogger } from "../log.js";
import { asked } from "./asked.js";

test("what throws, or says nothing that is known, is replaced by the default and logged once", () => {
  const lines: string[] = [];
  const line = (_facts: object, message: string) => lines.push(message);
  setLogger({ debug: line, info: line, warn: line, error: line });
  const answers: (() => string)[] = [
    () => "yes",
    () => undefined as never,
    () => "perhaps",
    () => {
      throw new Error("boom");
    },
  ];
  const ask = asked<number, string>(
    "outcome",
    (at) => answers[at]!(),
    (answer) => answer === "yes",
    () => "no",
  );
  assert.deepEqual([ask(0), ask(1)], ["yes", "no"]);
  assert.deepEqual(lines, []);
  assert.deepEqual([ask(2), ask(3), ask(2)], ["no", "no", "no"]);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^outcome\(\) failed/);
});
