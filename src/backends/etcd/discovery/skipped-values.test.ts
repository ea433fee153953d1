import assert from "node:assert/strict";
import { after, before, beforeEach, mock, test } from "node:test";
import { setLogger, setLogLevel } from "../../../log.js";
import { acquireSkippedValues } from "./skipped-values.js";

const lines: { fields: object; message: string }[] = [];
const collect = (fields: object, message: string) => void lines.push({ fields, message });
before(() => {
  setLogger({ debug: collect, info: collect, warn: collect, error: collect });
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});
after(() => {
  mock.timers.reset();
  setLogLevel("silent");
});
beforeEach(() => void lines.splice(0));

const key = (i: number) => Buffer.from(`order.rpc/${i}`);

test("50,000 values that are no instances are one line a minute, with keys and lengths", () => {
  const { skipped, release } = acquireSkippedValues("order.rpc");
  const again = acquireSkippedValues("order.rpc");
  for (let i = 0; i < 50_000; i++) skipped.add(key(i), 7, "it has no port");
  for (let i = 0; i < 50_000; i++) again.skipped.add(key(i), 7, "it has no port");
  mock.timers.tick(1);
  assert.equal(lines.length, 1);
  assert.deepEqual(lines[0]!.fields, { service: "order.rpc", skipped: 50_000 });
  assert.match(lines[0]!.message, /"order\.rpc\/0" \(7 bytes: it has no port\).* and 49997 more$/);
  for (let second = 0; second < 59; second++) {
    skipped.add(key(second), 8, "it is empty");
    mock.timers.tick(1_000);
  }
  assert.equal(lines.length, 1);
  mock.timers.tick(60_000);
  assert.equal(lines.length, 2);
  release();
  again.release();
});

test("the same nonsense again is no news, nor is what was mended before it was told", () => {
  const { skipped, release } = acquireSkippedValues("order.rpc");
  skipped.add(key(1), 0, "it is empty");
  mock.timers.tick(1);
  skipped.add(key(1), 0, "it is empty");
  skipped.add(key(2), 0, "it is empty");
  skipped.clear(key(2));
  mock.timers.tick(120_000);
  assert.equal(lines.length, 1);
  skipped.clear(key(1));
  skipped.add(key(1), 0, "it is empty");
  mock.timers.tick(120_000);
  assert.equal(lines.length, 2);
  release();
});
