import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as registration from "../../src/backends/etcd/registration/state.js";
import * as connection from "../../src/etcd-client/connection-state.js";

const page = readFileSync(new URL("../../docs/reliability.md", import.meta.url), "utf8");

test("the table of a registration's states is what its code does", () => {
  const why = new Error("a reason");
  const states: Record<registration.RegistrationState["name"], registration.RegistrationState> = {
    waiting: { name: "waiting" },
    putting: { name: "putting", lease: 1n },
    listed: { name: "listed", lease: 1n },
    completing: { name: "completing", lease: 1n },
    unrenewed: { name: "unrenewed", lease: 1n, why },
    taken: { name: "taken", lease: 1n, why },
    pausing: { name: "pausing", lease: 1n },
    paused: { name: "paused", lease: 1n },
    closing: { name: "closing", confirmed: true },
    closed: { name: "closed" },
  };
  const seen = (more: { missing?: "instance" | "attributes"; taken?: Error; pauseOrdered?: boolean }) =>
    ({ type: "keys seen", key: "svc/1", pauseOrdered: false, ...more }) as const;
  const events: Record<string, registration.RegistrationEvent> = {
    "no lease": { type: "lease", id: undefined, trouble: why },
    "another lease": { type: "lease", id: 2n, trouble: undefined },
    "not renewed for a TTL": { type: "lease", id: 1n, trouble: why },
    renewed: { type: "lease", id: 1n, trouble: undefined },
    "value changed": { type: "value changed" },
    "put done": { type: "put done", limited: false },
    "put failed": { type: "put failed", why },
    "key gone": seen({ missing: "instance" }),
    "attributes gone": seen({ missing: "attributes" }),
    "key taken": seen({ taken: new Error("somebody else has it") }),
    "keys as put": seen({}),
    "pause ordered": seen({ pauseOrdered: true }),
    "pause done": { type: "pause done" },
    close: { type: "close" },
    "close done": { type: "close done" },
  };
  const table = transitions("registration");
  assert.deepEqual(Object.keys(table), Object.keys(states));
  for (const [name, state] of Object.entries(states)) {
    const goes = Object.entries(events).map(([word, event]) => [word, registration.next(state, event).name]);
    assert.deepEqual(table[name], Object.fromEntries(goes.filter(([, to]) => to !== name)), name);
  }
});

test("the table of the connection's states is what its code does", () => {
  const reason = "a reason";
  const states: Record<connection.ConnectionState["at"], connection.ConnectionState> = {
    starting: { at: "starting" },
    connected: { at: "connected", host: "10.0.0.1:2379" },
    lost: { at: "lost", reason },
    unreachable: { at: "unreachable", reason },
    closed: { at: "closed" },
  };
  const events: Record<connection.ConnectionEvent["is"], connection.ConnectionEvent> = {
    opened: { is: "opened", host: "10.0.0.1:2379" },
    lost: { is: "lost", reason },
    failed: { is: "failed", reason },
    closed: { is: "closed" },
  };
  const table = transitions("connection");
  assert.deepEqual(Object.keys(table), Object.keys(states));
  for (const [name, state] of Object.entries(states)) {
    const goes = Object.entries(events).map(([word, event]) => [word, connection.next(state, event).at]);
    assert.deepEqual(table[name], Object.fromEntries(goes.filter(([, to]) => to !== name)), name);
  }
});

/** The table between two marks: of each state, to which other one each event leads. */
function transitions(mark: string): Record<string, Record<string, string>> {
  const [, table] = new RegExp(`<!-- ${mark} -->\n([\\s\\S]*?)<!-- /${mark} -->`).exec(page)!;
  const rows = table!.split("\n").filter((line) => line.startsWith("| `"));
  return Object.fromEntries(
    rows.map((row) => {
      const [, state, , goes] = row.split("|").map((cell) => cell.trim());
      const ways = [...goes!.matchAll(/([^;→]+) → `([^`]+)`/g)].map(([, event, to]) => [event!.trim(), to!]);
      return [state!.replaceAll("`", ""), Object.fromEntries(ways)];
    }),
  );
}
