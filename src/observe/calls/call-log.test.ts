import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setLogger } from "../../log.js";
import { CallLog } from "./call-log.js";

const PATH = "/a.B/C";
const [OK, NOT_FOUND, UNAVAILABLE] = [0, 5, 14];
let lines: object[] = [];
let now = 0;

beforeEach(() => {
  lines = [];
  now = 0;
  const note = (level: string) => (facts: object, message: string) => void lines.push({ level, message, ...facts });
  setLogger({ debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") });
});

const callLog = () => new CallLog("order.rpc", 500, () => now);
const call = { path: PATH, details: "", peer: () => "10.0.0.1:8080" };

test("a call is slow from above the threshold on", () => {
  const log = callLog();
  log.ended({ ...call, code: OK, ms: 500 });
  assert.deepEqual(lines, []);
  log.ended({ ...call, code: OK, ms: 500.5 });
  assert.deepEqual(lines, [
    {
      level: "info",
      message: "slow call",
      service: "order.rpc",
      method: PATH,
      instance: "10.0.0.1:8080",
      ms: 500.5,
      limitMs: 500,
    },
  ]);
});

test("a failed call is logged with its status; without an instance it names none", () => {
  const log = callLog();
  log.ended({ ...call, code: UNAVAILABLE, ms: 1, details: "gone", peer: () => "etcd:///h:2379?key=order.rpc" });
  log.ended({ ...call, code: NOT_FOUND, ms: 1, details: "x".repeat(10_000) });
  const facts = { message: "failed call", service: "order.rpc", method: PATH, ms: 1 };
  assert.deepEqual(lines, [
    { ...facts, level: "info", code: "UNAVAILABLE", details: "gone" },
    { ...facts, level: "info", instance: "10.0.0.1:8080", code: "NOT_FOUND", details: "x".repeat(256) },
  ]);
});

test("an outage is a line in ten seconds for each method and reason, with how many there were", () => {
  const log = callLog();
  for (now = 0; now < 30_000; now += 10) {
    log.ended({ ...call, code: UNAVAILABLE, ms: 1 });
    log.ended({ ...call, path: "/a.B/D", code: UNAVAILABLE, ms: 1 });
  }
  const more = (path: string) =>
    (lines as { method: string; more?: number }[]).filter(({ method }) => method === path).map(({ more }) => more);
  assert.deepEqual(more(PATH), [undefined, 999, 999]);
  assert.deepEqual(more("/a.B/D"), [undefined, 999, 999]);
});

test("methods without end leave no more lines and no more memory than a thousand of them", () => {
  const log = callLog();
  for (let i = 0; i < 5_000; i++) log.ended({ ...call, path: `/a.B/${i}`, code: UNAVAILABLE, ms: 1 });
  assert.equal(lines.length, 1_000);
});
