import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setLogger } from "../../../log.js";
import { PresenceLog } from "../presence/presence-log.js";
import { RegistrationLog } from "./registration-log.js";
import { next, type RegistrationEvent, type RegistrationState } from "./state.js";

const lines: string[] = [];
beforeEach(() => {
  lines.splice(0);
  const note = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  setLogger({ debug: () => {}, info: note("info"), warn: note("warn"), error: note("error") });
});

/** Says to the log what these events make of a registration that is listed. */
function tell(log: Pick<RegistrationLog, "changed">, events: readonly RegistrationEvent[]): void {
  let state: RegistrationState = { name: "listed", lease: 1n };
  for (const event of events) {
    const before: RegistrationState = state;
    state = next(before, event);
    if (state !== before) log.changed(before, state, "order.rpc/1");
  }
}

const seen = (what: { missing?: "attributes"; pauseOrdered?: boolean }): RegistrationEvent => ({
  type: "keys seen",
  key: "order.rpc/1",
  pauseOrdered: false,
  ...what,
});
const full = { type: "put failed", why: new Error("database space exceeded") } as const;
const away = { type: "put failed", why: new Error("no leader") } as const;

test("attributes that cannot be put again are one warning for each reason, and one line when they are there", () => {
  tell(new RegistrationLog("order.rpc", "10.0.0.1:80"), [
    seen({ missing: "attributes" }),
    ...[full, full, full, away, away],
    { type: "put done", limited: false },
  ]);
  const missing = "warn: 10.0.0.1:80 is listed in etcd, but its weight, zone and metadata may be missing";
  assert.deepEqual(lines, [
    `${missing}: database space exceeded; retrying`,
    `${missing}: no leader; retrying`,
    "info: 10.0.0.1:80 is listed in etcd with its weight, zone and metadata again",
  ]);
});

test("attributes that are missing when an operator pauses the instance are not said to be there again", () => {
  tell(new RegistrationLog("order.rpc", "10.0.0.1:80"), [
    seen({ missing: "attributes" }),
    full,
    seen({ pauseOrdered: true }),
  ]);
  assert.equal(lines.length, 1, lines.join("\n"));
});

test("a put without the attributes, which the role does not cover, is not said to be there with them again", () => {
  const log = new RegistrationLog("order.rpc", "10.0.0.1:80");
  const limitedPut = () => {
    log.limited("attributes", "order.rpc", "svc");
    tell(log, [{ type: "value changed" }, full, { type: "put done", limited: true }]);
  };
  limitedPut();
  limitedPut();
  const warned = () => lines.filter((line) => /does not cover the keys/.test(line)).length;
  assert.equal(warned(), 1, "once");
  assert.deepEqual(
    lines.filter((line) => /again/.test(line)),
    [],
  );
  tell(log, [{ type: "value changed" }, { type: "put done", limited: false }]);
  limitedPut();
  assert.equal(warned(), 2, "what was there meanwhile is missed anew");
});

test("a presence that cannot be put again, as it is now, is one warning for each reason", () => {
  tell(new PresenceLog(), [{ type: "value changed" }, full, full, { type: "put done", limited: false }]);
  assert.deepEqual(lines, [
    "warn: etcd does not show whom this process calls now (Presence): database space exceeded; calls go on, retrying",
    "info: this process says again in etcd whom it calls",
  ]);
});
