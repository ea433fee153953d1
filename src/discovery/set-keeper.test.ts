import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setLogLevel } from "../log.js";
import type { Target } from "../registry.js";
import { stall } from "../testing/stall.js";
import type { KnownSet } from "./last-known.js";
import { recall } from "./set-keeper.js";

const TARGET: Target = { scheme: "etcd", hosts: ["10.0.0.1:2379"], service: "order", params: {} };
const KNOWN: KnownSet = { instances: [], at: 0 };

const store = (find: () => Promise<KnownSet>) => ({ find, keep: () => {} });

test("a store that hangs, or fails, holds up no discovery", async (t) => {
  setLogLevel("silent");
  t.after(() => setLogLevel("info"));
  assert.equal(
    await recall(
      store(() => new Promise(() => {})),
      TARGET,
      10,
    ),
    undefined,
  );
  assert.equal(
    await recall(
      store(() => Promise.reject(new Error("EIO"))),
      TARGET,
    ),
    undefined,
  );
});

test("what a store has found in time is used, though a stall of this process kept it from being read", async () => {
  await turn();
  const known = recall(
    store(() => stat(".").then(() => KNOWN)),
    TARGET,
    20,
  );
  stall(100);
  assert.equal(await known, KNOWN);
});
