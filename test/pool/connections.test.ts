import assert from "node:assert/strict";
import { test } from "node:test";
import { hold } from "../../src/async/hold.js";
import type { Instance } from "../../src/instance.js";
import { stall } from "../../src/testing/stall.js";
import { until } from "../support/until.js";
import { A, B, C, Fleet, gate, registry, shares } from "./fleet.js";

test("every listed instance is connected to once and gets its share", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B, C]);
  await until(() => pool.stats().ready === 3, "all are connected");
  const counts = await shares(pool, 300);
  for (const address of [A, B, C]) assert.ok((counts.get(address) ?? 0) > 50, `${address}: ${counts.get(address)}`);
  assert.deepEqual(fleet.dials.sort(), [A, B, C]);
});

test("an instance gets exchanges when connect() has resolved, and not before", async (t) => {
  const { passed, open } = gate();
  const pool = new Fleet().pool(t, [A, B], {
    connect: async ({ address }) => {
      if (address === B) await passed;
      return address;
    },
  });
  assert.deepEqual([...(await shares(pool)).keys()], [A]);
  open();
  await until(() => pool.stats().ready === 2, "both are connected");
  assert.deepEqual([...(await shares(pool)).keys()].sort(), [A, B]);
});

test("an instance whose connection is lost gets nothing until it is connected again", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B]);
  await until(() => pool.stats().ready === 2, "both are connected");
  fleet.down.add(A);
  fleet.lost.get(A)!();
  fleet.lost.get(A)!("said twice");
  await until(() => pool.stats().ready === 1, "the lost one is out");
  assert.deepEqual([...(await shares(pool)).keys()], [B]);
  await until(() => fleet.dials.filter((address) => address === A).length >= 3, "it is dialled again and again");
  assert.match(pool.stats().instances.find(({ address }) => address === A)?.error ?? "", /is down/);
  fleet.down.clear();
  await until(() => pool.stats().ready === 2, "it is back");
  assert.deepEqual([...(await shares(pool)).keys()].sort(), [A, B]);
});

test("one that accepts connections and drops them is not dialled without pause", async (t) => {
  const fleet = new Fleet();
  let dials = 0;
  const pool = fleet.pool(t, [A, B], {
    connect: ({ address }, { lost }) => {
      if (address === A) {
        dials += 1;
        setImmediate(lost);
      }
      return address;
    },
  });
  await until(() => dials >= 3, "it is dialled three times");
  // Waits of 125 ms at least, then twice that: without them there would be thousands.
  await pool.run(() => new Promise((resolve) => setTimeout(resolve, 100)));
  assert.ok(dials < 10, `${dials} dials`);
});

test("a registry that suddenly lists nobody is not believed, and who alone leaves is", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B]);
  await until(() => pool.stats().ready === 2, "both are connected");
  registry.list(t.name, [A]);
  await until(() => pool.stats().ready === 1, "the other is retired");
  assert.deepEqual([...(await shares(pool)).keys()], [A]);
  registry.list(t.name, []);
  await until(() => pool.stats().listed === 0, "the empty answer has come");
  assert.ok((await shares(pool)).has(A));
});

test("when no instance can be connected to, callers are told so at once", async (t) => {
  const fleet = new Fleet();
  fleet.down.add(A);
  const pool = fleet.pool(t, [A], { waitMs: Number.POSITIVE_INFINITY });
  await assert.rejects(
    pool.run(() => {}),
    /none of the instances.* can take a call.*127\.0\.0\.1:1001 is down/,
  );
});

test("an attempt that takes too long is given up, and repeated", async (t) => {
  let dials = 0;
  const pool = new Fleet().pool(t, [A], {
    connectMs: 20,
    connect: ({ address }) => {
      dials += 1;
      return dials === 1 ? new Promise<string>(() => {}) : address;
    },
  });
  await until(() => pool.stats().ready === 1, "the second attempt succeeds");
  assert.equal(dials, 2);
});

test("a connection that is silent is probed, and replaced when nothing comes back", async (t) => {
  const fleet = new Fleet();
  let probes = 0;
  const pool = fleet.pool(t, [A], {
    probe: () => {
      probes += 1;
      return new Promise(() => {});
    },
  });
  // A real exchange holds the process by its socket.
  const release = hold();
  const run = pool.run(
    (_address, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  await assert.rejects(run, /no answer to a probe/);
  release();
  assert.equal(probes, 1);
  assert.deepEqual(fleet.dials, [A, A]);
  assert.deepEqual(fleet.closed, [A]);
});

/** Connects in some round trips, while this process stalls. */
function connectsOverStall(begin: (stall: () => void) => void) {
  return async ({ address }: Instance) => {
    begin(() => stall(300));
    for (let roundTrip = 0; roundTrip < 3; roundTrip++) await new Promise((resolve) => setTimeout(resolve, 2));
    return address;
  };
}

test("a stall of this process while it connects is not the instance's: it is given time for what it has to answer", async (t) => {
  const pool = new Fleet().pool(t, [A], { connectMs: 200, connect: connectsOverStall(queueMicrotask) });
  assert.equal(await pool.run((connection) => connection), A);
});

test("a stall of this process is not what a caller waits for", async (t) => {
  const pool = new Fleet().pool(t, [A], { waitMs: 200, connect: connectsOverStall(setImmediate) });
  assert.equal(await pool.run((connection) => connection), A);
});
