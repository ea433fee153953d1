import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Hedging } from "./hedging.js";

let now: number;
let hedging: Hedging<string>;
beforeEach(() => {
  now = 0;
  hedging = new Hedging<string>({ now: () => now, random: () => 0.5 });
});

/** Calls that take 1 to 100 ms evenly, or so many times as long. @returns the copies sent. */
function calls(count: number, { method = "/a", times = 1, copyWins = true } = {}): number {
  let copies = 0;
  for (let i = 0; i < count; i++) {
    const ms = (((i * 37) % 100) + 1) * times;
    const delay = hedging.started(method);
    now += 1;
    const sent = delay !== undefined && ms > delay && hedging.take(method);
    if (sent) copies += 1;
    hedging.ended(method, ms, sent ? 2 : 1, sent && copyWins ? 2 : 1);
  }
  return copies;
}

test("nothing is hedged before it is known what is slow", () => {
  assert.equal(hedging.started("/a"), undefined);
  assert.equal(hedging.take("/a"), false);
});

test("the delay is about the 95th percentile of the method's own latency", () => {
  calls(1_000);
  calls(1_000, { method: "/slow", times: 10 });
  assert.ok(Math.abs(hedging.started("/a")! / 95 - 1) < 0.03, `${hedging.started("/a")}`);
  assert.ok(Math.abs(hedging.started("/slow")! / 950 - 1) < 0.03, `${hedging.started("/slow")}`);
});

test("the delay leaves as many calls as the budget pays for, so that chance does not decide who gets a copy", () => {
  for (const budget of [0.02, 0.1]) {
    hedging = new Hedging({ now: () => now, random: () => 0.5, budget });
    calls(1_000);
    const refused = { before: hedging.started("/a")!, copies: calls(5_000) };
    assert.ok(Math.abs(refused.before / (100 * (1 - budget)) - 1) < 0.03, `${refused.before}`);
    assert.ok(Math.abs(refused.copies / (5_000 * budget) - 1) < 0.2, `${refused.copies}`);
  }
});

test("a client begins with a few copies saved up, for it knows its instances least then", () => {
  calls(60);
  let copies = 0;
  while (hedging.take("/a", false)) copies += 1;
  assert.ok(copies >= 4 && copies <= 8, `${copies}`);
});

test("a copy that was not sent costs nothing: a client that asks for many in vain has them once they can be sent", () => {
  calls(60);
  for (let i = 0; i < 100; i++) if (hedging.take("/a", false)) hedging.notSent();
  assert.ok(hedging.take("/a", false));
});

test("the delay follows a method that has become slower or faster, within seconds", () => {
  calls(20_000);
  calls(20_000, { times: 5 });
  assert.ok(Math.abs(hedging.started("/a")! / 475 - 1) < 0.05);
  calls(20_000, { times: 0.1 });
  assert.ok(Math.abs(hedging.started("/a")! / 9.5 - 1) < 0.05);
});

test("second copies are at most the budget's share of calls, over all methods", () => {
  hedging = new Hedging({ now: () => now, budget: 0.02 });
  const sent = calls(5_000) + calls(5_000, { method: "/b" });
  assert.ok(sent > 50 && sent <= 200, `${sent}`);
  assert.equal(new Hedging<string>({ budget: 0 }).take("/a"), false);
});

test("where copies never win they stop within 15, and are tried again rarely", () => {
  const first = calls(1_000, { copyWins: false });
  assert.ok(first >= 5 && first <= 15, `${first}`);
  const later = calls(20_000, { copyWins: false });
  assert.ok(later > 0 && later <= 40, `${later} of 20,000`);
});

test("where copies begin to win they are sent again", () => {
  calls(5_000, { copyWins: false });
  calls(5_000);
  assert.ok(calls(2_000) > 60);
});

test("where copies are useless, a call that is late beyond all measure is hedged all the same", () => {
  calls(3_000, { copyWins: false });
  const delay = hedging.started("/a")!;
  assert.ok(delay > 200 && delay < 1_000, `${delay}`);
  now += delay;
  assert.equal(hedging.take("/a"), true);
});

test("copies that are answered by nobody are no help either: under a deadline that all miss they stop", () => {
  calls(1_000);
  let copies = 0;
  for (let i = 0; i < 2_000; i++) {
    const delay = hedging.started("/a")!;
    now += 1;
    const late = i % 20 === 0;
    const sent = late && delay < 100 && hedging.take("/a");
    if (sent) copies += 1;
    hedging.ended("/a", late ? 100 : 50, sent ? 2 : 1, late ? 0 : 1, 0);
  }
  assert.ok(copies <= 20, `${copies}`);
});

test("when everything is late nothing is hedged: that is load, and no tail", () => {
  calls(5_000);
  let sent = 0;
  for (let i = 0; i < 1_000; i++) {
    hedging.started("/a");
    now += 1;
    if (hedging.take("/a")) sent += 1;
  }
  assert.ok(sent <= 45, `${sent}`);
});

test("failing at once is not taken for being fast", () => {
  calls(2_000);
  const before = hedging.started("/a")!;
  for (let i = 0; i < 2_000; i++) {
    hedging.started("/a");
    hedging.ended("/a", 0.1, 1, 0);
  }
  assert.ok(Math.abs(hedging.started("/a")! / before - 1) < 0.05);
});

test("methods are bounded: the one called longest ago is forgotten, and odd numbers harm nothing", () => {
  calls(500, { method: "/old" });
  for (let i = 0; i < 300; i++) calls(1, { method: `/m${i}` });
  assert.equal(hedging.started("/old"), undefined);
  for (const odd of [Number.NaN, -1, 0, Number.POSITIVE_INFINITY]) hedging.ended("/old", odd, 1, 1);
  calls(500, { method: "/old" });
  assert.ok(hedging.started("/old")! > 0);
});

test("a call that asks again is one slow call, and one that failed is none: a few that hang do not end all hedging", () => {
  calls(1_000);
  for (let i = 0; i < 60; i++) hedging.take("/a", false);
  assert.ok(calls(100) > 0, "copies are sent still");
});
