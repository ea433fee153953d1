import assert from "node:assert/strict";
import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { test } from "node:test";

const made: number[] = [];
const destroyed = new Set<number>();
const hook = createHook({
  init(id, type) {
    if (type === "rollcall") made.push(id);
  },
  destroy(id) {
    destroyed.add(id);
  },
}).enable();
const { detached } = await import("./detached.js");

test("who follows what is open, as Jest can, finds nothing of the import", async () => {
  for (let turn = 0; turn < 1_000 && !destroyed.has(made[0]!); turn++) await new Promise(setImmediate);
  hook.disable();
  assert.equal(made.length, 1);
  assert.ok(destroyed.has(made[0]!));
});

test("detached work and what it starts see no store of the caller, who keeps it", async () => {
  const storage = new AsyncLocalStorage<string>();
  await storage.run("a request", async () => {
    const seen = await detached(async () => {
      const now = storage.getStore();
      await new Promise(setImmediate);
      return [now, storage.getStore()];
    });
    assert.deepEqual(seen, [undefined, undefined]);
    assert.equal(storage.getStore(), "a request");
  });
});

test("detached() hands on what the work returns and throws", () => {
  assert.equal(
    detached(() => 7),
    7,
  );
  assert.throws(() => detached(() => assert.fail("as it should")), /as it should/);
});
