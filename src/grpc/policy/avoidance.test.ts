import assert from "node:assert/strict";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { Avoidance } from "./avoidance.js";
import { parsePolicyConfig } from "./policy-config.js";

test("a method is avoided where its calls fail, and not where its streams last to their deadlines", () => {
  const avoidance = new Avoidance(
    () => "order.rpc",
    () => {},
  );
  avoidance.set(["a", "b"], 0, parsePolicyConfig({}));
  for (let i = 0; i < 100; i++) {
    avoidance.ended("a", "/order.Orders/Watch", status.DEADLINE_EXCEEDED, undefined);
    avoidance.ended("b", "/order.Orders/Watch", status.DEADLINE_EXCEEDED, false);
  }
  const avoided = (instance: string) =>
    Array.from({ length: 100 }, () => avoidance.avoids(instance, "/order.Orders/Watch")).filter(Boolean).length;
  assert.equal(avoided("a"), 0);
  assert.ok(avoided("b") > 0);
});
