import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { detached } from "./detached.js";

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
