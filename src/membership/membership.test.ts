import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setLogger } from "../log.js";
import { FakeTransport } from "../testing/fake-transport.js";
import { ManualTiming } from "../testing/manual-timing.js";
import type { ChannelState } from "./channel-state.js";
import { choose, MOST_INSTANCES } from "./choice.js";
import type { Listed } from "./connection/transport.js";
import { PANIC_MS, SETTLE_MS, UNCONNECTED_MS } from "./grace-periods.js";
import { Membership } from "./membership.js";

let timing: ManualTiming;
let transport: FakeTransport;
let state: ChannelState;
let lost: number;
let warnings: string[];
let membership: Membership<Listed, never>;

beforeEach(() => {
  timing = new ManualTiming();
  transport = new FakeTransport();
  lost = 0;
  warnings = [];
  const quiet = () => {};
  setLogger({ debug: quiet, info: quiet, error: quiet, warn: (_facts, message) => warnings.push(message) });
  const settings = { timing, keepaliveMs: undefined, callGraceMs: 5_000 };
  membership = new Membership<Listed, never>(
    () => ({ transport: transport as never, settings }),
    timing,
    () => ({ service: "order.rpc", registry: "a registry" }),
    {
      state: (now) => {
        state = now;
      },
      lost: () => {
        lost += 1;
      },
    },
  );
});

function list(...addresses: string[]): void {
  const listed = new Map(addresses.map((address) => [address, { instance: { address } }]));
  membership.set(listed, choose(addresses, 0));
}

const lineOf = (address: string) => transport.lines.findLast((line) => line.listed.instance.address === address)!;

test("calls wait for the first connection, and a moment for the others", async () => {
  list("a", "b", "c");
  assert.equal(state.is, "connecting");
  lineOf("b").connect({ serving: true });
  await timing.advance(SETTLE_MS - 1);
  assert.deepEqual(state, { is: "connecting", up: false });
  lineOf("a").connect({ serving: true });
  await timing.advance(1);
  assert.deepEqual(state, { is: "ready", usable: ["a", "b"], panic: false, pending: true });
  lineOf("c").connect({ serving: true });
  await timing.advance(0);
  assert.deepEqual(state, { is: "ready", usable: ["a", "b", "c"], panic: false, pending: false });
});

test("calls fail once all dials have failed, until one succeeds; a loss asks for a fresh answer", async () => {
  list("a", "b");
  for (const address of ["a", "b"]) lineOf(address).events.failed("refused");
  await timing.advance(0);
  assert.deepEqual([state, membership.lastError], [{ is: "failing" }, "refused"]);
  lineOf("b").connect({ serving: true });
  await timing.advance(0);
  assert.equal(state.is, "ready");
  lineOf("b").events.lost();
  await timing.advance(0);
  assert.deepEqual([state.is, lost], ["connecting", 1]);
});

test("panic: those that are up are used when nobody serves and the others have had a second, with one warning", async () => {
  list("a", "b", "c");
  lineOf("a").connect({ serving: false });
  await timing.advance(PANIC_MS - 1);
  assert.deepEqual(state, { is: "connecting", up: true });
  await timing.advance(1);
  assert.deepEqual(state, { is: "ready", usable: ["a"], panic: true, pending: true });
  lineOf("b").connect({ serving: false });
  await timing.advance(0);
  assert.deepEqual(state, { is: "ready", usable: ["a", "b"], panic: true, pending: true });
  lineOf("c").connect({ serving: true });
  await timing.advance(0);
  assert.deepEqual(state, { is: "ready", usable: ["c"], panic: false, pending: false });
  assert.deepEqual(warnings, [
    'no instance of "order.rpc" says that it serves: those that are connected are called all the same',
  ]);
});

test("a stall of this process leads to no panic: who serves and could not be heard is given time to say so", async () => {
  list("a", "b");
  lineOf("a").connect({ serving: false });
  await timing.advance(0);
  timing.stall(PANIC_MS + 500);
  await timing.advance(100);
  assert.deepEqual(state, { is: "connecting", up: true });
  lineOf("b").connect({ serving: true });
  await timing.advance(PANIC_MS);
  assert.deepEqual([state, warnings], [{ is: "ready", usable: ["b"], panic: false, pending: false }, []]);
});

test("where nobody serves again and again, that is one warning a minute, and one that lasts is told", async () => {
  list("a");
  const session = lineOf("a").connect({ serving: true });
  for (let flip = 0; flip < 50; flip++) {
    session.serves(flip % 2 === 1);
    await timing.advance(100);
  }
  assert.equal(warnings.length, 1);
  session.serves(false);
  await timing.advance(60_000);
  assert.equal(warnings.length, 2);
  session.serves();
  await timing.advance(100_000);
  assert.equal(warnings.length, 2);
});

test("instances that stay unconnected while others serve are named in one warning with their reasons", async () => {
  list("a", "b", "c");
  lineOf("a").connect({ serving: true });
  lineOf("b").events.failed("b: connection refused");
  lineOf("c").events.failed("no route to host");
  await timing.advance(UNCONNECTED_MS + 1_000);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /some instances of "order\.rpc" that a registry lists cannot be connected to: b: connection refused; c: no route to host/,
  );
  await timing.advance(10 * UNCONNECTED_MS);
  assert.equal(warnings.length, 1);
});

test("more instances than a client connects to by itself: it takes a part of them and says so once", async () => {
  const all = Array.from({ length: 1_500 }, (_, i) => `i${i}`);
  list(...all);
  list(...all.slice(1));
  assert.equal(membership.connections.size, MOST_INSTANCES);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /more than 500 instances of "order\.rpc" are listed/);
  assert.equal([...choose(all, 2_000).ids].length, 1_500, "all, for who asks for them");
});

test("instances that do not tell their health are mentioned once for all of them", async () => {
  list("a", "b");
  for (const address of ["a", "b"]) lineOf(address).connect({ notTold: "Watch ended with PERMISSION_DENIED" });
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /do not tell their health \(Watch ended with PERMISSION_DENIED\): they are called all the same/,
  );
});

test("close() leaves no timer", () => {
  list("a", "b");
  lineOf("a").connect({ serving: false });
  list();
  membership.close();
  assert.equal(timing.nextIn, undefined);
});
