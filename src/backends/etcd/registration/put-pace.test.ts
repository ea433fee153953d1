import assert from "node:assert/strict";
import { test } from "node:test";
import { PutPace } from "./put-pace.js";

/** Timers that keep the process alive. */
const holdingTimers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a put that waits for its turn holds no process: a presence that cannot be written must not", async () => {
  const pace = new PutPace();
  const abort = new AbortController();
  await pace.turn(abort.signal);
  const before = holdingTimers();
  const waiting = pace.turn(abort.signal);
  assert.equal(holdingTimers(), before);
  abort.abort();
  await waiting;
});
