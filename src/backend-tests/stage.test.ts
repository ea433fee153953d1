import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { BackendServer } from "./index.js";
import { Stage } from "./stage.js";

test("a server that starts when its test has failed already is stopped", async (t) => {
  let starts = (_server: BackendServer) => {};
  const start = () => new Promise<BackendServer>((resolve) => (starts = resolve));
  await assert.rejects(
    Stage.set(t as unknown as TestContext, { scheme: "slow", backend: {}, start, patienceMs: 20 }),
    /^Error: waited 20 ms for start\(\) of the test's server to end$/,
  );
  await new Promise<void>((stopped) => starts({ target: () => "", stop: stopped }));
});
