import assert from "node:assert/strict";
import { test } from "node:test";
import { remembered } from "./remembered.js";

test("a text is worked out once, also where the result is undefined", () => {
  const asked: string[] = [];
  const of = remembered((text) => {
    asked.push(text);
    return text === "none" ? undefined : text.length;
  });
  assert.deepEqual([of("three"), of("three"), of("none"), of("none")], [5, 5, undefined, undefined]);
  assert.deepEqual(asked, ["three", "none"]);
});

test("texts without end do not stay, and are answered right all the same", () => {
  let made = 0;
  const of = remembered((text) => {
    made += 1;
    return { text };
  });
  const first = of("0");
  for (let i = 0; i < 5_000; i++) assert.equal(of(`${i}`).text, `${i}`);
  assert.equal(made, 5_000);
  assert.notEqual(of("0"), first);
});
