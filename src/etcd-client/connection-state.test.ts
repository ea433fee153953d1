import assert from "node:assert/strict";
import { test } from "node:test";
import { announce, type ConnectionEvent, type ConnectionState, next } from "./connection-state.js";

/** What is said while these events happen. */
function said(...events: ConnectionEvent[]): (string | undefined)[] {
  let state: ConnectionState = { at: "starting" };
  return events.map((event) => {
    const before = state;
    state = next(state, event);
    const line = announce(before, state);
    return line && `${line.level}: ${line.message}`;
  });
}

test("while no host can be used, every change of reason is one warning and no repetition is", () => {
  const failed = (reason: string) => ({ is: "failed", reason }) as const;
  assert.deepEqual(
    said(failed("refused"), failed("refused"), failed("wrong password"), failed("wrong password"), failed("refused")),
    ["warn: refused; retrying", undefined, "warn: wrong password; retrying", undefined, "warn: refused; retrying"],
  );
});

test("a connection that comes, goes and comes back is three lines; a new outage is told again", () => {
  const opened = { is: "opened", host: "a:1" } as const;
  const failed = { is: "failed", reason: "refused" } as const;
  assert.deepEqual(said(opened, { is: "lost", reason: "gone" }, opened), [
    "info: connected to etcd at a:1",
    "warn: lost the connection: gone",
    "info: connected to etcd at a:1",
  ]);
  assert.deepEqual(said(failed, opened, { is: "lost", reason: "gone" }, failed).at(-1), "warn: refused; retrying");
});

test("after closing nothing changes and nothing is said", () => {
  assert.deepEqual(said({ is: "closed" }, { is: "opened", host: "a:1" }, { is: "lost", reason: "gone" }), [
    undefined,
    undefined,
    undefined,
  ]);
});
