import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type FakeSession, FakeTransport } from "../../testing/fake-transport.js";
import { ManualTiming } from "../../testing/manual-timing.js";
import { FIRST_WORD_MS, IDLE_MS, QUIET_MS, REASK_LONGEST_MS, SILENCE_MS, UNCONNECTED_MS } from "../grace-periods.js";
import { Connection } from "./connection.js";
import type { Listed } from "./transport.js";

const CALL_GRACE_MS = 5_000;
const listed: Listed = { instance: { address: "10.0.0.1:80" } };
let timing: ManualTiming;
let transport: FakeTransport;
let told: string[];
let connection: Connection<Listed, FakeSession>;

beforeEach(() => {
  timing = new ManualTiming();
  transport = new FakeTransport();
  told = [];
  connection = connect(230_000);
});

function connect(keepaliveMs: number | undefined): Connection<Listed, FakeSession> {
  return new Connection(
    listed,
    transport,
    { timing, keepaliveMs, callGraceMs: CALL_GRACE_MS },
    {
      changed: () => {},
      healthNotTold: (reason) => told.push(`not told: ${reason}`),
      unconnected: () => told.push("unconnected"),
      foundDead: () => told.push("dead"),
    },
  );
}

const serving = () => {
  connection.keepUp(listed);
  return transport.last.connect({ serving: true });
};

test("it is dialled once, and again whenever it is lost", () => {
  serving();
  connection.keepUp(listed);
  assert.equal(transport.lines.length, 1);
  transport.last.events.lost();
  assert.equal(connection.session, undefined);
  assert.deepEqual(connection.state, { is: "connecting" });
  assert.deepEqual([transport.lines.length, transport.lines[0]!.closed, transport.last.started], [2, true, true]);
});

test("an instance that is not listed any more is not dialled again", () => {
  serving();
  connection.letLapse();
  transport.last.events.lost();
  assert.deepEqual(connection.state, { is: "idle" });
  assert.equal(transport.lines.length, 1);
  connection.keepUp(listed);
  assert.equal(transport.lines.length, 2);
});

test("what a line says after it was replaced or closed is not heard", () => {
  serving();
  const [first] = transport.lines;
  first!.events.lost();
  first!.events.lost();
  assert.equal(transport.lines.length, 2);
  connection.close();
  transport.last.events.failed("late");
  assert.equal(connection.state.is, "closed");
});

test("an instance that says nothing of its health counts as serving after a second, and its word counts when it comes", async () => {
  connection.keepUp(listed);
  const session = transport.last.connect();
  await timing.advance(FIRST_WORD_MS - 1);
  assert.deepEqual(connection.state, { is: "checking health" });
  await timing.advance(1);
  assert.deepEqual([connection.state.is, told], ["serving", ["not told: no answer within a second"]]);
  session.serves(false);
  assert.equal(connection.state.is, "not serving");
});

test("a call without answer starts a probe, and no answer to that a new connection; its calls end when the grace time is over", async () => {
  const session = serving();
  const dead = transport.last;
  dead.activity.started();
  await timing.advance(SILENCE_MS);
  assert.deepEqual([session.probes, connection.state.is], [1, "probing"]);
  await timing.advance(SILENCE_MS);
  assert.deepEqual([connection.state.is, transport.lines.length, transport.last.events.fresh], ["connecting", 2, true]);
  assert.deepEqual(told, ["dead"]);
  await timing.advance(CALL_GRACE_MS - 1);
  assert.equal(session.ended, undefined);
  await timing.advance(1);
  assert.match(session.ended!, /10\.0\.0\.1:80: no answer to a probe for 2000 ms/);
});

test("an instance that is heard again within the grace time keeps its calls", async () => {
  for (const sign of ["an answer to the probe", "an answer to a call"] as const) {
    connection.close();
    connection = connect(undefined);
    const session = serving();
    const { activity } = transport.last;
    activity.started();
    await timing.advance(2 * SILENCE_MS);
    if (sign === "an answer to the probe") session.answerProbe!();
    else activity.heard();
    await timing.advance(CALL_GRACE_MS);
    assert.equal(session.ended, undefined, sign);
  }
});

test("an answered probe costs no connection; a call that goes on quietly is looked after at gRPC's shortest keepalive", async () => {
  const session = serving();
  transport.last.activity.started();
  await timing.advance(SILENCE_MS);
  session.answerProbe!();
  assert.equal(connection.state.is, "serving");
  await timing.advance(QUIET_MS - 1);
  assert.equal(session.probes, 1);
  await timing.advance(SILENCE_MS);
  assert.equal(session.probes, 2);
  session.answerProbe!();
  assert.equal(transport.lines.length, 1);
});

test("calls that are answered in time start no probe", async () => {
  const session = serving();
  const { activity } = transport.last;
  for (let call = 0; call < 50; call++) {
    const startedAt = activity.started();
    await timing.advance(SILENCE_MS / 2);
    activity.heard();
    activity.ended(startedAt, false);
  }
  assert.equal(session.probes, 0);
});

test("a deadline that passes unanswered starts a probe at once", () => {
  const session = serving();
  const { activity } = transport.last;
  const startedAt = activity.started();
  activity.ended(startedAt, true);
  assert.equal(session.probes, 1);
});

test("a connection is stale after a time without calls and answers, and no longer when it has answered", async () => {
  const session = serving();
  await timing.advance(IDLE_MS);
  assert.equal(connection.stale, false);
  await timing.advance(1);
  assert.equal(connection.stale, true);
  connection.probe("idle");
  assert.deepEqual(connection.state, { is: "probing", was: { is: "serving" }, cause: "idle" });
  session.answerProbe!();
  assert.deepEqual([connection.state.is, connection.stale], ["serving", false]);
});

test("a quiet connection is probed at its keepalive time, a busy one and one without is not", async () => {
  const session = serving();
  await timing.advance(229_999);
  assert.equal(session.probes, 0);
  await timing.advance(1);
  assert.equal(session.probes, 1);
  session.answerProbe!();
  await timing.advance(200_000);
  transport.last.activity.heard();
  await timing.advance(200_000);
  assert.equal(session.probes, 1);
  connection.close();

  connection = connect(undefined);
  const other = serving();
  await timing.advance(1_000_000);
  assert.equal(other.probes, 0);
});

test("where one says NOT_SERVING another connection is tried, and taken as soon as it serves", async () => {
  const first = serving();
  first.serves(false);
  assert.equal(connection.session, first);
  await timing.advance(1_000);
  assert.deepEqual([transport.lines.length, transport.last.events.fresh], [2, true]);
  transport.last.connect({ serving: false });
  await timing.advance(0);
  assert.equal(transport.last.closed, true, "the same again: given up");
  assert.equal(connection.state.is, "not serving");
  await timing.advance(2_000);
  assert.equal(transport.lines.length, 3);
  const second = transport.last.connect({ serving: true });
  await timing.advance(0);
  assert.equal(connection.session, second);
  assert.deepEqual([connection.state.is, transport.lines[0]!.closed, first.watched], ["serving", true, false]);
  assert.equal(second.watched, true);
  await timing.advance(REASK_LONGEST_MS);
  assert.equal(transport.lines.length, 3);
  transport.last.events.lost();
  assert.deepEqual([transport.lines.length, connection.state.is], [4, "connecting"], "lost as any other is");
  transport.lines[2]!.events.lost();
  assert.equal(transport.lines.length, 4, "and once");
});

test("an instance whose connections end whenever it is asked is called unasked, and asked again by the connection after that", () => {
  connection.keepUp(listed);
  for (let dial = 1; dial <= 3; dial++) {
    assert.equal(transport.last.connect().watched, true);
    assert.equal(connection.state.is, "checking health");
    transport.last.events.lost();
  }
  assert.equal(transport.last.connect().watched, false);
  assert.equal(connection.state.is, "serving");
  assert.deepEqual(told, ["not told: its connections end when it is asked"]);
  transport.last.events.lost();
  assert.equal(transport.last.connect({ serving: false }).watched, true);
  assert.equal(connection.state.is, "not serving");
  transport.last.events.lost();
  assert.equal(transport.last.connect().watched, true);
});

test("connections that end although their instance answers are asked each time", () => {
  connection.keepUp(listed);
  for (let dial = 1; dial <= 10; dial++) {
    assert.equal(transport.last.connect({ serving: true }).watched, true);
    transport.last.events.lost();
  }
  assert.deepEqual(told, []);
});

test("an instance that serves again is not asked through another connection, nor is one that is closed", async () => {
  const session = serving();
  session.serves(false);
  session.serves();
  await timing.advance(REASK_LONGEST_MS);
  session.serves(false);
  connection.close();
  await timing.advance(REASK_LONGEST_MS);
  assert.equal(transport.lines.length, 1);
});

test("an instance without a connection for half a minute is mentioned, once until it is connected", async () => {
  connection.keepUp(listed);
  for (let attempt = 0; attempt < 10; attempt++) {
    transport.last.events.failed("refused");
    await timing.advance(UNCONNECTED_MS / 5);
  }
  assert.deepEqual(told, ["unconnected"]);
  transport.last.connect({ serving: true });
  transport.last.events.lost();
  await timing.advance(UNCONNECTED_MS);
  assert.deepEqual(told, ["unconnected", "unconnected"]);
});

test("close() leaves no timer", async () => {
  const session = serving();
  session.serves(false);
  transport.last.activity.started();
  connection.probe("silence");
  connection.close();
  assert.equal(timing.nextIn, undefined);
});

test("a stall of this process makes nobody dead, silent or unhealthy: there is time for an answer that could not be asked for", async () => {
  connection.keepUp(listed);
  const session = transport.last.connect();
  timing.stall(FIRST_WORD_MS + 500);
  await timing.advance(100);
  session.serves();
  assert.deepEqual([connection.state.is, told], ["serving", []]);

  connection.probe("idle");
  timing.stall(SILENCE_MS + 300);
  await timing.advance(100);
  assert.equal(connection.state.is, "probing");
  session.answerProbe!();
  assert.deepEqual([connection.state.is, told], ["serving", []]);

  connection.probe("idle");
  await timing.advance(SILENCE_MS);
  assert.deepEqual(told, ["dead"], "who says nothing with nobody stalling is dead");
  timing.stall(CALL_GRACE_MS + 500);
  await timing.advance(100);
  session.answerProbe!();
  await timing.advance(CALL_GRACE_MS);
  assert.equal(session.ended, undefined, "its calls go on");
});
