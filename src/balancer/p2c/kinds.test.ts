import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "./constants.js";
import { Kinds } from "./kinds.js";
import { Measurement } from "./measurement.js";

test("a latency is compared with those of its kind: usual is the same for fast and for slow calls", () => {
  const kinds = new Kinds();
  const measured = new Measurement();
  for (let i = 0; i < 100; i++) {
    for (const [name, ms] of [
      ["/fast", 4],
      ["/slow", 260],
    ] as const) {
      measured.take(ms, kinds.of(name), { unit: 2 });
      kinds.of(name).learn(measured);
    }
  }
  const compared = (name: string, ms: number) => {
    measured.take(ms, kinds.of(name), { unit: 2 });
    return measured.compared;
  };
  assert.ok(Math.abs(compared("/fast", 4) - compared("/slow", 260)) < 1e-9);
  assert.ok(Math.abs(compared("/fast", 16) - compared("/slow", 1_040)) < 1e-9);
  assert.equal(compared("/never seen", 5_000), 2, "the first of its kind is as usual, whatever it takes");
});

test("a dear call in flight weighs more than a cheap one, and less than it is longer", () => {
  const kinds = new Kinds();
  const measured = new Measurement();
  measured.take(160, kinds.of("/slow"), { unit: 1 });
  kinds.of("/slow").learn(measured);
  kinds.of("/new").weigh({ meanMs: 10 });
  assert.equal(kinds.of("/new").cost, 1);
  kinds.of("/slow").weigh({ meanMs: 10 });
  const { cost } = kinds.of("/slow");
  assert.ok(cost >= 4 && cost < 16, `${cost}`);
});

test("what calls in flight cost matters less to a cheap call than to others: each of them occupies a worker", () => {
  const kinds = new Kinds();
  const measured = new Measurement();
  const kind = kinds.of("/ten ms");
  measured.take(10, kind, { unit: 1 });
  kind.learn(measured);
  const costShare = (meanMs: number) => {
    kind.weigh({ meanMs });
    return kind.costShare;
  };
  assert.deepEqual([costShare(1), costShare(10)], [1, 1]);
  assert.ok(costShare(100) < 1 && costShare(100) > 0);
});

test("kinds are bounded, and those used often are kept", () => {
  const kinds = new Kinds();
  const usual = kinds.of("/usual");
  for (let i = 0; i < 10 * KINDS; i++) {
    kinds.of("/usual").uses += 1;
    kinds.of(`/${i}`).uses += 1;
  }
  assert.equal(kinds.size, KINDS);
  assert.equal(kinds.of("/usual"), usual);
});
