import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConsistentHash } from "./consistent-hash.js";
import { murmur3 } from "./murmur3.js";

const nodes = (n: number) => Array.from({ length: n }, (_, i) => `10.0.0.${i + 1}:8080`);

function hash(text: string): bigint {
  const { hi, lo } = murmur3(text);
  return (BigInt(hi) << 32n) | BigInt(lo);
}

function ringOf(keys: Iterable<string>): ConsistentHash<string> {
  const ring = new ConsistentHash<string>();
  ring.set(keys);
  return ring;
}

test("the hash is go-zero's: the first 64 bits of MurmurHash3_x64_128", () => {
  for (const [text, expected] of [
    ["", 0n],
    ["a", 0x85555565f6597889n],
    ["abc", 0xb4963f3f3fad7867n],
    ["hello, world", 0x342fac623a5ebc8en],
    ["10.0.0.1:80800", 0xf542f529f82dc248n],
    ["10.0.0.5:808099", 0x9cf01dd5bf12151an],
  ] as const) {
    assert.equal(hash(text), expected, text);
  }
});

test("the choices are go-zero's, measured with go-zero 1.10.3", () => {
  const all = ringOf(nodes(5));
  const withoutThird = ringOf(nodes(5).filter((node) => node !== "10.0.0.3:8080"));
  for (const [key, hashed, ofFive, ofFour] of [
    ["user-1", 7038226039998199158n, 1, 1],
    ["user-2", 7117674071722160687n, 3, 1],
    ["user-3", 14776824442445437921n, 5, 5],
    ["user-4", 16768082283264716212n, 5, 5],
    ["user-5", 5638794396368978646n, 1, 1],
    ["user-6", 4534213136703272079n, 4, 4],
    ["user-7", 18421450114689243728n, 3, 2],
    ["user-8", 7342797808793626507n, 3, 1],
    ["user-9", 7236188888729310674n, 1, 1],
    ["user-10", 14949044962866891215n, 4, 4],
  ] as const) {
    assert.equal(hash(key), hashed);
    assert.equal(all.pick(key), `10.0.0.${ofFive}:8080`, key);
    assert.equal(withoutThird.pick(key), `10.0.0.${ofFour}:8080`, key);
  }
});

test("no instance, no choice; one instance is everybody's", () => {
  assert.equal(ringOf([]).pick("a"), undefined);
  assert.equal(ringOf(["x"]).pick("a"), "x");
});

test("whatever joined and left, and in whatever order, the choices follow from the set alone", () => {
  fc.assert(
    fc.property(
      fc.array(fc.subarray(nodes(12)), { minLength: 1, maxLength: 6 }),
      fc.array(fc.string()),
      (sets, keys) => {
        const ring = new ConsistentHash<string>();
        for (const set of sets) ring.set(set);
        const fresh = ringOf([...sets.at(-1)!].reverse());
        for (const key of keys) assert.equal(ring.pick(key), fresh.pick(key));
      },
    ),
    { numRuns: 30 },
  );
});

test("an instance that leaves moves its own keys only, and back when it returns", () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => `order-${i}`);
  const ring = ringOf(nodes(20));
  const before = keys.map((key) => ring.pick(key));
  ring.set(nodes(20).slice(1));
  keys.forEach((key, i) => {
    if (before[i] === nodes(1)[0]) assert.notEqual(ring.pick(key), before[i]);
    else assert.equal(ring.pick(key), before[i]);
  });
  ring.set(nodes(20));
  assert.deepEqual(
    keys.map((key) => ring.pick(key)),
    before,
  );
});

test("an instance that may not be taken is passed over, others keep their keys, and where none may be the first is taken", () => {
  const ring = ringOf(nodes(5));
  for (let i = 0; i < 500; i++) {
    const usual = ring.pick(`k${i}`)!;
    const other = ring.pick(`k${i}`, (node) => node !== usual)!;
    assert.notEqual(other, usual);
    assert.equal(other, ringOf(nodes(5).filter((node) => node !== usual)).pick(`k${i}`));
    assert.equal(
      ring.pick(`k${i}`, () => false),
      usual,
    );
  }
});

test("weights are shares of the keys; equal ones, however large, change nothing", () => {
  const ring = ringOf(nodes(4));
  const heavy = new ConsistentHash<string>();
  heavy.set(nodes(4), { weightOf: () => 100 });
  const weighed = new ConsistentHash<string>();
  weighed.set(nodes(4), { weightOf: (node) => (node === nodes(1)[0] ? 3 : 1) });
  let first = 0;
  const total = 20_000;
  for (let i = 0; i < total; i++) {
    assert.equal(heavy.pick(`k${i}`), ring.pick(`k${i}`));
    if (weighed.pick(`k${i}`) === nodes(1)[0]) first += 1;
  }
  assert.ok(Math.abs(first / total - 0.5) < 0.08, `${first} of ${total}`);
});

test("an instance is told apart by its address, whatever object stands for it", () => {
  const instances = nodes(5).map((address) => ({ address }));
  const ring = new ConsistentHash<(typeof instances)[number]>({ addressOf: ({ address }) => address });
  ring.set(instances);
  assert.equal(ring.pick("user-2")?.address, "10.0.0.3:8080");
});

test("weights as far apart as numbers can be still give every key an instance, the heaviest nearly all", () => {
  for (const light of [Number.MIN_VALUE, 1e-300, 1]) {
    const ring = new ConsistentHash<string>();
    const [lightest, ...others] = nodes(3);
    ring.set(nodes(3), { weightOf: (node) => (node === lightest ? light : Number.MAX_VALUE) });
    const picks = Array.from({ length: 2_000 }, (_, i) => ring.pick(`k${i}`)!);
    assert.ok(picks.filter((node) => others.includes(node)).length > 1_950, `${light}`);
    assert.ok(picks.every((node) => nodes(3).includes(node)));
  }
});

test("a key that is no text is refused: all of them would be one key", () => {
  const ring = ringOf(nodes(3));
  for (const key of [7, null, undefined, {}]) {
    assert.throws(() => ring.pick(key as unknown as string), /^TypeError: a key is text, not \w+: write String\(key\)/);
  }
});
