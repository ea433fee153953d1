import assert from "node:assert/strict";
import { test } from "node:test";
import { memoised } from "./memoise.js";

test("work is done once for all who ask, and again only when it has failed", async () => {
  let done = 0;
  const count = memoised(async () => {
    done += 1;
    if (done === 1) throw new Error("not yet");
    return done;
  });
  await Promise.all([1, 2].map(() => assert.rejects(count(), /not yet/)));
  assert.deepEqual(await Promise.all([count(), count()]), [2, 2]);
  assert.equal(await count(), 2);
});
