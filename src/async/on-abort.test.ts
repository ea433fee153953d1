import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { onAbort } from "./on-abort.js";

test("many wait for one signal by one listener, are called once each, and leave nothing when they let go", () => {
  const abort = new AbortController();
  const called: number[] = [];
  const releases = Array.from({ length: 50 }, (_, i) => onAbort(abort.signal, () => called.push(i)));
  assert.equal(getEventListeners(abort.signal, "abort").length, 1);
  for (const release of releases) release();
  assert.equal(getEventListeners(abort.signal, "abort").length, 0);
  onAbort(abort.signal, () => called.push(1));
  const release = onAbort(abort.signal, () => called.push(2));
  onAbort(abort.signal, () => called.push(3));
  release();
  abort.abort();
  assert.deepEqual(called, [1, 3]);
  onAbort(abort.signal, () => called.push(4));
  assert.deepEqual(called, [1, 3, 4], "a signal that has aborted calls at once");
});
