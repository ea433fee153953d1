import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instance } from "../instance.js";
import { distanceFrom } from "./zone.js";

const at = (address: string, zone?: string, hints?: string): Instance => ({
  address,
  ...(zone !== undefined && { zone }),
  ...(hints !== undefined && { metadata: { "k8s.hints.zones": hints } }),
});
const near = (zone: string, instances: readonly Instance[]) => {
  const distance = distanceFrom(zone, instances);
  return instances.filter((instance) => distance(instance) === 1).map(({ address }) => address);
};

test("without a zone of one's own all are equally far", () => {
  assert.deepEqual(near("", [at("1", "a"), at("2", ""), at("3")]), ["1", "2", "3"]);
});

test("instances of the same zone are near, those of another or of none are not", () => {
  assert.deepEqual(near("a", [at("1", "a"), at("2", "b"), at("3")]), ["1"]);
  assert.deepEqual(near("c", [at("1", "a"), at("2", "b")]), []);
});

test("hints overrule zones once every instance has them and one names this zone", () => {
  assert.deepEqual(near("a", [at("1", "a", "b"), at("2", "b", "a,b")]), ["2"]);
  assert.deepEqual(near("a", [at("1", "a", "b"), at("2", "b", "a"), at("3", "a")]), ["1", "3"]);
  assert.deepEqual(near("c", [at("1", "a", "a"), at("2", "c", "b")]), ["2"]);
});
