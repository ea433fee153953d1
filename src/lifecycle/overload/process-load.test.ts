import assert from "node:assert/strict";
import { test } from "node:test";
import { systemTiming } from "../../async/timing.js";
import { watchProcessLoad } from "./process-load.js";

test("one who stops listening while he is told leaves no timer behind, and the next begins with one", async (t) => {
  let pending = 0;
  const after = systemTiming.after.bind(systemTiming);
  t.mock.method(systemTiming, "after", (ms: number, act: () => void) => {
    pending += 1;
    let over = false;
    const end = () => {
      if (!over) pending -= 1;
      over = true;
    };
    const cancel = after(ms, () => {
      end();
      act();
    });
    return () => {
      end();
      cancel();
    };
  });
  const hold = setInterval(() => {}, 1_000);
  for (let round = 0; round < 3; round++) {
    await new Promise<void>((resolve) => {
      const stop = watchProcessLoad(() => {
        stop();
        resolve();
      });
      assert.equal(pending, 1);
    });
    assert.equal(pending, 0);
  }
  clearInterval(hold);
});
