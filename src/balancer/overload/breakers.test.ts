import assert from "node:assert/strict";
import { test } from "node:test";
import { Breakers } from "./breakers.js";

const [OK, INTERNAL] = [0, 13];

function breakers() {
  const at = { ms: 0 };
  const one = new Breakers<string>({ now: () => at.ms, random: () => 0 });
  const fail = (instance: string, method: string, calls: number) => {
    for (let i = 0; i < calls; i++) one.ended(instance, method, INTERNAL);
  };
  return { one, at, fail };
}

test("what fails is one method of one instance, and no other method and no other instance", () => {
  const { one, fail } = breakers();
  fail("a", "/Say", 20);
  assert.equal(one.suspicious, true);
  assert.equal(one.allows("a", "/Say"), false);
  assert.equal(one.allows("a", "/Count"), true);
  assert.equal(one.allows("b", "/Say"), true);
});

test("while nothing fails, or too little, nobody need ask", () => {
  const { one, fail } = breakers();
  for (let i = 0; i < 100; i++) one.ended("a", "/Say", OK);
  fail("a", "/Say", 5);
  assert.equal(one.suspicious, false);
  assert.equal(one.allows("a", "/Say"), true);
});

test("what failed ten seconds ago is forgotten", () => {
  const { one, at, fail } = breakers();
  fail("a", "/Say", 20);
  at.ms += 10_250;
  assert.equal(one.allows("a", "/Say"), true);
  assert.equal(one.suspicious, false);
});

test("instances that left are forgotten, and methods beyond the most that are told apart share one", () => {
  const { one, fail } = breakers();
  fail("a", "/Say", 20);
  one.keep(new Set(["b"]));
  assert.equal(one.suspicious, false);
  assert.equal(one.allows("a", "/Say"), true);
  for (let i = 0; i < 1_000; i++) one.ended("b", `/Method${i}`, OK);
  fail("b", "/Another", 2_000);
  assert.equal(one.allows("b", "/YetAnother"), false);
  assert.equal(one.allows("b", "/Method0"), true);
});
