import assert from "node:assert/strict";
import { test } from "node:test";
import { mostSetAside, SetAside } from "./set-aside.js";

function setAside(keys: string, { elsewhere = 0, share = 0.5 } = {}) {
  const one = new SetAside<string>();
  one.set([...keys], elsewhere, share);
  const full = (who: string, until = 100) => {
    for (const key of who) one.add(key, until);
  };
  return { one, full, called: () => one.called().join("") };
}

test("an instance that is full gets no calls until its time is over", () => {
  const { one, full, called } = setAside("abcd");
  full("b");
  assert.equal(called(), "acd");
  assert.equal(one.has("b"), true);
  assert.equal(one.expire(99), false);
  assert.equal(one.expire(100), true);
  assert.equal(called(), "abcd");
  assert.equal(one.full, 0);
});

test("a later word counts if it is over later", () => {
  const { one, full, called } = setAside("abc");
  full("a", 100);
  full("a", 50);
  one.expire(60);
  assert.equal(called(), "bc");
  full("a", 200);
  one.expire(100);
  assert.equal(called(), "bc");
});

test("at most half of the instances are set aside, those that said so first, and beyond that the word is ignored", () => {
  const { one, full, called } = setAside("abcde");
  full("dbca");
  assert.equal(called(), "ace");
  assert.equal(one.left, 0);
  assert.equal(one.has("c"), false);
  // One more may be when one of the first has room again.
  one.add("c", 300);
  one.add("a", 300);
  one.expire(100);
  assert.equal(called(), "bde");
});

test("who is full and called all the same is not believed while at least as many of those that are called have room", () => {
  const four = setAside("abcd");
  four.full("abc");
  assert.deepEqual(
    [..."abcd"].filter((member) => four.one.ignores(member)),
    ["c"],
  );
  four.full("d");
  assert.equal(four.one.ignores("c"), false, "all are full: nobody is preferred");
  const six = setAside("abcdef");
  six.full("abcde");
  assert.equal(six.one.ignores("e"), false, "two of three that are called: the service is full");
});

test("instances that their health has set aside count with those that are full", () => {
  const three = setAside("abc", { elsewhere: 1 });
  three.full("ab");
  assert.equal(three.called(), "bc");
  const two = setAside("ab", { elsewhere: 2 });
  two.full("a");
  assert.equal(two.called(), "ab");
});

test("the share that may be set aside can be chosen, and one is always left", () => {
  const none = setAside("ab", { share: 0 });
  none.full("a");
  assert.equal(none.called(), "ab");
  const all = setAside("abc", { share: 1 });
  all.full("abc");
  assert.equal(all.called(), "c");
});

test("a share counts as people count: seven tenths of ten are seven", () => {
  for (const [instances, share, most] of [
    [10, 0.7, 7],
    [10, 0.29, 2],
    [3, 0.5, 1],
    [1, 0.5, 0],
    [2, 0.5, 1],
    [0, 0.5, 0],
    [100, 0.29, 29],
  ] as const) {
    assert.equal(mostSetAside(instances, share), most, `${share} of ${instances}`);
  }
});

test("where all are full it is known for how long, of a single instance too", () => {
  const { one, full } = setAside("ab");
  full("a", 100);
  assert.equal(one.allFullForMs(0), 0);
  full("b", 50);
  assert.equal(one.allFullForMs(10), 40);
  one.expire(50);
  assert.equal(one.allFullForMs(50), 0);
  const alone = setAside("a");
  alone.full("a", 20);
  assert.equal(alone.called(), "a");
  assert.equal(alone.one.allFullForMs(0), 20);
  assert.equal(setAside("").one.allFullForMs(0), 0);
});

test("what leaves is forgotten, and what is not there says nothing", () => {
  const { one, full, called } = setAside("ab");
  full("a");
  one.set(["b", "c"], 0, 0.5);
  assert.equal(one.full, 0);
  full("a");
  assert.equal(called(), "bc");
  full("b", Number.NaN);
  assert.equal(called(), "bc");
});
