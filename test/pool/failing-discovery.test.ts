import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Latest } from "../../src/async/latest.js";
import { registerBackend } from "../../src/backends/table.js";
import type { Instance } from "../../src/instance.js";
import { createPool } from "../../src/pool/index.js";
import { until } from "../support/until.js";
import { A, B } from "./fleet.js";

type Sets = Latest<readonly Instance[]>;

/** A pool whose connections are the addresses, and the watches of its backend; the first attempts to have that fail. */
function poolOn(t: TestContext, scheme: string, failures = 0) {
  const watches: Sets[] = [];
  let attempts = 0;
  registerBackend(scheme, {
    discovery: () => {
      attempts += 1;
      if (attempts <= failures) throw new Error("access is denied");
      return {
        watch: (_service, { signal }) => {
          const sets: Sets = new Latest(signal);
          watches.push(sets);
          return sets;
        },
      };
    },
  });
  const dials: string[] = [];
  const pool = createPool<string>(`${scheme}:///h:1?key=order`, {
    connect: ({ address }) => {
      dials.push(address);
      return address;
    },
    close: () => {},
  });
  t.after(() => pool.close());
  return { pool, watches, dials };
}

for (const [how, fail] of [
  ["throws", (sets: Sets) => sets.fail(new Error("stream reset"))],
  ["ends by itself", (sets: Sets) => sets.end()],
  ["yields what is no instance", (sets: Sets) => sets.set([null as never])],
] as const) {
  test(`a watch that ${how} costs a pool no exchange and no connection, and changes are heard again`, async (t) => {
    const { pool, watches, dials } = poolOn(t, "pool-watch");
    await until(() => watches.length === 1, "it is watched");
    watches[0]!.set([{ address: A }]);
    assert.equal(await pool.run((address) => address), A);
    fail(watches[0]!);
    while (watches.length === 1) {
      assert.equal(await pool.run((address) => address), A);
      await new Promise(setImmediate);
    }
    assert.deepEqual(dials, [A]);
    watches[1]!.set([{ address: B }]);
    await until(async () => (await pool.run((address) => address)) === B, "the change is heard");
  });
}

test("a pool whose backend cannot be had says why at once, and uses it by itself once it can", async (t) => {
  const { pool, watches } = poolOn(t, "pool-denied", 1);
  await assert.rejects(
    pool.run((address) => address),
    /"order" are not known: .*; access is denied/,
  );
  await until(() => watches.length === 1, "it is watched");
  await assert.rejects(
    pool.run(() => {}),
    /has not answered yet/,
  );
  watches[0]!.set([{ address: A }]);
  await until(() => pool.stats().ready === 1, "it is connected to");
  assert.equal(await pool.run((address) => address), A);
});
