import assert from "node:assert/strict";
import { test } from "node:test";
import { P2cEwma } from "./p2c-ewma.js";

for (const [waitedMs, usualMs] of [
  [20, 0.2],
  [200, 5],
  [2_000, 50],
] as const) {
  for (const instances of [2, 3, 10]) {
    test(`of ${instances}, one that callers wait ${waitedMs} ms for in vain is avoided where others take ${usualMs} ms`, () => {
      let now = 0;
      let inVain = 0;
      for (let run = 0; run < 10; run++) {
        const balancer = new P2cEwma<number>({ now: () => now });
        balancer.set(Array.from({ length: instances }, (_, i) => i));
        for (let call = 0; call < 300; call++) {
          const node = balancer.pick()!;
          node.started();
          const givenUp = node.key === 0;
          now += givenUp ? waitedMs : usualMs;
          if (givenUp) inVain += 1;
          node.ended(givenUp ? waitedMs : usualMs, givenUp ? undefined : true);
        }
      }
      assert.ok(inVain <= 60, `${inVain} of 3,000 calls`);
    });
  }
}

test("a call that was given up sooner than others are answered says nothing", () => {
  let now = 0;
  const balancer = new P2cEwma<number>({ now: () => now });
  balancer.set([0, 1]);
  const end = (ms: number, ok?: boolean) => {
    const node = balancer.pick()!;
    node.started();
    now += ms;
    node.ended(ms, ok);
    return node;
  };
  for (let call = 0; call < 100; call++) end(10, true);
  const before = balancer.nodes().map(({ ewmaMs }) => ewmaMs);
  for (let call = 0; call < 20; call++) end(2);
  for (const [at, { ewmaMs }] of balancer.nodes().entries()) assert.ok(ewmaMs < 1.1 * before[at]!, `${ewmaMs}`);
});
