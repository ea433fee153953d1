import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualTiming, settled } from "../testing/manual-timing.js";
import { FollowedHost, type FollowOptions } from "./followed-host.js";
import type { HostAnswer, LookupOptions } from "./host-lookup.js";

type Reply = HostAnswer | Error;

/** Follows a name whose lookups are answered from `replies`; the last reply is repeated. */
function follow(replies: Reply[], options: Partial<FollowOptions> = {}) {
  const timing = new ManualTiming();
  const asked: LookupOptions[] = [];
  let changes = 0;
  const host = new FollowedHost("order", {
    lookup: async (_host, lookupOptions) => {
      asked.push(lookupOptions);
      const reply = replies.length > 1 ? replies.shift()! : replies[0]!;
      if (reply instanceof Error) throw reply;
      return reply;
    },
    timing,
    onChange: () => {
      changes += 1;
    },
    ...options,
  });
  return { host, timing, asked, changes: () => changes };
}

const answer = (ttlMs: number | undefined, ...addresses: string[]): HostAnswer => ({ addresses, ttlMs });

test("a name is looked up again when its TTL is over, within the floor and the ceiling", async () => {
  for (const [ttlMs, waitMs] of [
    [3_000, 3_000],
    [0, 1_000],
    [300_000, 5_000],
    [undefined, 5_000],
  ] as const) {
    const { host, timing, asked } = follow([answer(ttlMs, "10.0.0.1")]);
    await settled();
    assert.equal(Math.round(timing.nextIn!), waitMs);
    await timing.advance(waitMs);
    assert.equal(asked.length, 2, `TTL ${ttlMs}`);
    host.close();
  }
});

test("waits are spread over a fifth of their length", async () => {
  const timing = new ManualTiming(0);
  const { host } = follow([answer(5_000, "10.0.0.1")], { timing });
  await settled();
  assert.equal(timing.nextIn, 4_000);
  host.close();
});

test("an answer in another order, or with doubles, is the same answer", async () => {
  const { host, timing, changes } = follow([
    answer(1_000, "fd00::1", "10.0.0.2", "10.0.0.1"),
    answer(1_000, "10.0.0.1", "fd00::1", "10.0.0.2", "10.0.0.1"),
    answer(1_000, "10.0.0.1"),
  ]);
  await settled();
  assert.deepEqual(host.addresses, ["10.0.0.1", "10.0.0.2", "fd00::1"]);
  await timing.advance(1_000);
  assert.equal(changes(), 1);
  await timing.advance(1_000);
  assert.equal(changes(), 2);
  assert.deepEqual(host.addresses, ["10.0.0.1"]);
  host.close();
});

test("a failed lookup keeps the addresses and says its reason until an answer comes", async () => {
  const { host, timing, changes } = follow([
    answer(1_000, "10.0.0.1"),
    new Error("SERVFAIL"),
    new Error("SERVFAIL"),
    answer(1_000, "10.0.0.1"),
  ]);
  await timing.advance(1_000);
  assert.deepEqual(host.addresses, ["10.0.0.1"]);
  assert.equal(host.trouble?.message, "SERVFAIL");
  await timing.advance(1_000);
  assert.equal(changes(), 2, "the same trouble again is no change");
  await timing.advance(2_000);
  assert.equal(host.trouble, undefined);
  assert.equal(changes(), 3);
  host.close();
});

test("no address is an answer, with a reason", async () => {
  const { host, timing } = follow([answer(1_000, "10.0.0.1"), { addresses: [], absence: "there is no such name" }]);
  await timing.advance(1_000);
  assert.deepEqual(host.addresses, []);
  assert.match(host.trouble!.message, /^order has no address: there is no such name; is the name right\?/);
  host.close();
});

test("without an answer the waits grow to five seconds, and start anew after one", async () => {
  const { host, timing } = follow([
    new Error("no"),
    new Error("no"),
    new Error("no"),
    new Error("no"),
    answer(0, "::1"),
  ]);
  const waits: number[] = [];
  for (let round = 0; round < 5; round++) {
    await settled();
    waits.push(Math.round(timing.nextIn!));
    await timing.advance(timing.nextIn!);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 5_000, 1_000]);
  host.close();
});

test("a wish to refresh is served at once, but never sooner than the floor after the last lookup", async () => {
  const timing = new ManualTiming(0);
  const { host, asked } = follow([answer(5_000, "10.0.0.1")], { timing });
  await settled();
  for (let wish = 0; wish < 10; wish++) host.refresh();
  await timing.advance(999);
  assert.equal(asked.length, 1);
  await timing.advance(1);
  assert.equal(asked.length, 2);
  await timing.advance(2_000);
  host.refresh();
  await timing.advance(0);
  assert.equal(asked.length, 3);
  host.close();
});

test("a silent lookup is told as trouble after 5 s, and its late answer ends that", async () => {
  let answerNow = (_answer: HostAnswer) => {};
  const { host, timing, changes } = follow([], {
    lookup: () =>
      new Promise((resolve) => {
        answerNow = resolve;
      }),
  });
  await timing.advance(5_000);
  assert.match(host.trouble!.message, /^order: DNS has not answered for 5 s/);
  assert.deepEqual([host.tried, host.addresses, changes()], [true, undefined, 1]);
  answerNow(answer(60_000, "10.0.0.1"));
  await settled();
  assert.deepEqual([host.trouble, host.addresses], [undefined, ["10.0.0.1"]]);
  host.close();
});

test("one lookup is under way at a time, and close() ends it", async () => {
  let lookups = 0;
  let aborted = false;
  const { host, timing, changes } = follow([], {
    lookup: (_host, { signal }) => {
      lookups += 1;
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(signal.reason);
        });
      });
    },
  });
  host.refresh();
  await timing.advance(60_000);
  assert.equal(lookups, 1);
  const before = changes();
  host.close();
  host.refresh();
  await timing.advance(60_000);
  assert.deepEqual([aborted, lookups, changes() - before, timing.nextIn], [true, 1, 0, undefined]);
});

test("a lookup is told what the last one answered", async () => {
  const first: HostAnswer = { addresses: ["10.0.0.1"], ttlMs: 1_000, name: "order.default.svc.cluster.local" };
  const { host, timing, asked } = follow([first, new Error("no"), first]);
  await timing.advance(2_500);
  assert.deepEqual(
    asked.map(({ previous }) => previous),
    [undefined, first, first],
  );
  host.close();
});
