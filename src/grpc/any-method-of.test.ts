import assert from "node:assert/strict";
import { test } from "node:test";
import { growthOf } from "../testing/growth.js";
import { anyMethodOf } from "./any-method-of.js";

test("a path's service is named at once, whatever path a caller sends", () => {
  assert.equal(anyMethodOf("/shop.Order/Get"), "/shop.Order/*");
  assert.ok(growthOf(anyMethodOf, "a", "/") < 100);
});
