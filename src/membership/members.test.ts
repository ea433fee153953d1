import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ManualTiming } from "../testing/manual-timing.js";
import type { ConnectionState } from "./connection/connection-state.js";
import { RETIRED_MS, TAKEOVER_MS } from "./grace-periods.js";
import { type Member, Members } from "./members.js";

class FakeMember implements Member<string> {
  state: ConnectionState = { is: "idle" };
  dials = 0;
  keptUp = true;
  probes = 0;

  keepUp() {
    this.keptUp = true;
    if (this.state.is !== "idle") return;
    this.dials += 1;
    this.state = { is: "serving" };
  }
  letLapse() {
    this.keptUp = false;
  }
  probe() {
    this.probes += 1;
  }
  close() {
    this.state = { is: "closed" };
  }
}

let timing: ManualTiming;
let members: Members<string, FakeMember>;
let opened: Map<string, FakeMember>;
let told: string[];

beforeEach(() => {
  timing = new ManualTiming();
  opened = new Map();
  told = [];
  const open = (id: string) => {
    const member = new FakeMember();
    opened.set(id, member);
    return member;
  };
  members = new Members(open, timing, {
    retained: (ids) => told.push(`retained ${ids.join(" ")}`),
    takenOver: () => told.push("taken over"),
  });
});

const list = (...ids: string[]) => members.set(new Map(ids.map((id) => [id, id])), ids);
const connected = () => [...members.connections.keys()].join(" ");

test("a join opens one connection, a leave takes one out of use, the others are not touched", () => {
  list("a", "b");
  const before = new Map(opened);
  list("b", "c");
  assert.equal(connected(), "b c");
  assert.deepEqual([opened.get("b"), before.get("b")!.dials], [before.get("b"), 1]);
});

test("one that leaves keeps its connection for a while, and has it again when it comes back in that time", async () => {
  list("a", "b");
  const first = opened.get("a")!;
  list("b");
  assert.deepEqual([first.state.is, first.keptUp], ["serving", false]);
  await timing.advance(RETIRED_MS - 1);
  list("a", "b");
  assert.deepEqual([members.connections.get("a"), first.keptUp, first.dials], [first, true, 1]);
  list("b");
  await timing.advance(RETIRED_MS);
  assert.equal(first.state.is, "closed");
});

test("one that leaves and was not serving is closed at once", () => {
  list("a", "b", "c");
  opened.get("a")!.state = { is: "connecting", failure: "refused" };
  opened.get("b")!.state = { is: "not serving" };
  list("c");
  assert.deepEqual([opened.get("a")!.state.is, opened.get("b")!.state.is], ["closed", "closed"]);
});

test("when nobody is listed those that serve are retained and probed; those that do not are closed", () => {
  list("a", "b", "c");
  opened.get("b")!.state = { is: "connecting" };
  list();
  assert.equal(connected(), "a c");
  assert.deepEqual([opened.get("a")!.probes, opened.get("a")!.keptUp, opened.get("b")!.state.is], [1, false, "closed"]);
  assert.deepEqual([told, members.noneListed], [["retained a c"], true]);
  list();
  assert.equal(told.length, 1, "one line for one change");
});

test("those lost one after the other shortly before are retained as well, for all in one line", () => {
  list("a", "b", "c");
  list("b", "c");
  list("c");
  list();
  assert.equal(connected().split(" ").sort().join(" "), "a b c");
  assert.equal(told.length, 1);
});

test("one that is retained and stops is closed; one that was silent is dialled once", () => {
  list("a", "b", "c", "d");
  list();
  opened.get("a")!.state = { is: "idle" };
  opened.get("b")!.state = { is: "not serving" };
  opened.get("c")!.state = { is: "connecting" };
  members.closeStopped();
  assert.equal(connected(), "c d");
  opened.get("c")!.state = { is: "connecting", failure: "refused" };
  members.closeStopped();
  assert.equal(connected(), "d");
});

test("when others are listed and ready those retained are given up after a time, and only then", async () => {
  list("a", "b");
  list();
  list("c");
  opened.get("c")!.state = { is: "connecting" };
  await timing.advance(2 * TAKEOVER_MS);
  assert.equal(connected(), "a b c", "nobody listed is ready yet");
  opened.get("c")!.state = { is: "serving" };
  await timing.advance(TAKEOVER_MS);
  assert.equal(connected(), "c");
  assert.equal(told.at(-1), "taken over");
});

test("one that registers again is not given up", async () => {
  list("a", "b");
  list();
  list("a");
  await timing.advance(TAKEOVER_MS);
  assert.equal(connected(), "a");
  assert.deepEqual([opened.get("a")!.dials, opened.get("a")!.keptUp], [1, true]);
});

test("those listed and not chosen are not connected to", () => {
  list("a", "b");
  members.set(new Map(["a", "b", "c"].map((id) => [id, id])), ["c"]);
  assert.equal(connected(), "c");
  assert.equal(opened.get("a")!.state.is, "closed");
});

test("close() closes all and leaves no timer", () => {
  list("a", "b", "c");
  list("b", "c");
  list();
  list("d");
  members.close();
  assert.ok([...opened.values()].every(({ state }) => state.is === "closed"));
  assert.equal(timing.nextIn, undefined);
});
