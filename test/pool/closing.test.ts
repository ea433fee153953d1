import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { TYPESCRIPT } from "../support/typescript.js";
import { until } from "../support/until.js";
import { A, B, Fleet, gate } from "./fleet.js";

test("close() ends connections after their last exchange, and refuses whoever comes or waits", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A]);
  const lease = await pool.acquire();
  const waiting = fleet.pool(t, []);
  const waiter = waiting.acquire();
  await until(() => waiting.stats().waiting === 1, "a caller waits");
  await Promise.all([waiting.close(), assert.rejects(waiter, /is closed/)]);
  const closed = pool.close();
  await assert.rejects(
    pool.run(() => {}),
    /is closed/,
  );
  assert.deepEqual(fleet.closed, []);
  lease.end();
  await closed;
  assert.deepEqual(fleet.closed, [A]);
});

test("a connection that comes about after the pool was closed is closed too", async (t) => {
  const { passed, open } = gate();
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A], {
    connect: async ({ address }) => {
      fleet.dials.push(address);
      await passed;
      return address;
    },
  });
  await until(() => fleet.dials.length === 1, "it is being connected to");
  await pool.close();
  open();
  await until(() => fleet.closed.length === 1, "it is closed");
});

test("a close() that never ends, of one connection, does not hold the pool's", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B], {
    close: (address) => {
      if (address === A) return new Promise(() => {});
      fleet.closed.push(address);
      return undefined;
    },
  });
  await until(() => pool.stats().ready === 2, "both are connected");
  await pool.close();
  assert.deepEqual(fleet.closed, [B]);
});

test("a closed pool has nothing ready", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  await pool.run(() => "");
  await pool.close();
  assert.deepEqual([pool.stats().ready, pool.stats().instances], [0, []]);
});

test("a pool that is never closed does not keep the process", async () => {
  const program = new URL("./unheld-program.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [...TYPESCRIPT, program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "exit");
  assert.equal(said.trim(), "1");
  assert.equal(code, 0);
});
