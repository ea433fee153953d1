import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, padEnd, padStart, widthOf } from "./text-width.js";

test("Chinese, Japanese, Korean and emoji take two columns, marks over a letter none", () => {
  assert.deepEqual(
    ["order", "日本", "주문", "x😀", "ｱ", "é", "e\u0301", "über"].map(widthOf),
    [5, 4, 4, 3, 1, 1, 1, 4],
  );
  assert.equal(padEnd("日本", 6), "日本  ");
  assert.equal(padStart("日本", 6), "  日本");
});

test("what is cut fits, and no character is cut in half", () => {
  for (const text of ["日本語サービス", "😀😀😀😀", "order.rpc", "a日b本c"]) {
    for (let room = 1; room < 16; room++) {
      const shown = cut(text, room);
      assert.ok(widthOf(shown) <= room, `${shown} in ${room}`);
      assert.ok(shown === text || text.startsWith(shown.slice(0, -1)), shown);
      assert.doesNotMatch(shown, /\p{Cs}/u);
    }
  }
});
