import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { stall } from "../testing/stall.js";
import { Deadline } from "./deadline.js";
import { hold } from "./hold.js";

test("it aborts with its parent, or when the time given last is over, and says why; cleared it aborts no more", async (t) => {
  t.after(hold());
  const parent = new AbortController();
  const late = new Deadline(parent.signal);
  late.set(60_000, "the first");
  late.set(1, "the second");
  await new Promise((resolve) => late.signal.addEventListener("abort", resolve));
  assert.equal(late.signal.reason.message, "the second");
  const [ended, cleared] = [new Deadline(parent.signal), new Deadline(parent.signal)];
  cleared.set(1, "cleared");
  cleared.clear();
  parent.abort(new Error("the parent"));
  assert.equal(ended.signal.reason.message, "the parent");
  assert.equal(cleared.signal.aborted, false);
});

test("an answer that lies there unread is in time, however long this process was busy", async (t) => {
  t.after(hold());
  await immediate(); // timers come next
  const deadline = new Deadline(new AbortController().signal);
  deadline.set(5, "not answered");
  const answered = stat(".");
  stall(50);
  await answered;
  deadline.clear();
  assert.equal(deadline.signal.aborted, false);
});
