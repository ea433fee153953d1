import assert from "node:assert/strict";
import { after, before, beforeEach, mock, test } from "node:test";
import { setLogger, setLogLevel } from "../../../log.js";
import { acquireSkippedValues } from "./skipped-values.js";

const lines: { fields: object; message: string }[] = [];
const collect = (fields: object, message: string) => void lines.push({ fields, message });
before(() => {
  setLogger({ debug: collect, info: collect, warn: collect, error: collect });
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => now);
});
after(() => {
  mock.reset();
  setLogLevel("silent");
});
beforeEach(() => void lines.splice(0));

let now = 0;
function pass(ms: number): void {
  now += ms;
  mock.timers.tick(ms);
}

const key = (i: number) => Buffer.from(`order.rpc/${i}`);

test("50,000 values that are no instances are one line a minute, with keys and lengths", () => {
  const { skipped, release } = acquireSkippedValues("order.rpc");
  const again = acquireSkippedValues("order.rpc");
  for (let i = 0; i < 50_000; i++) skipped.add(key(i), 7, "it has no port");
  for (let i = 0; i < 50_000; i++) again.skipped.add(key(i), 7, "it has no port");
  pass(1);
  assert.equal(lines.length, 1);
  assert.deepEqual(lines[0]!.fields, { service: "order.rpc", skipped: 50_000 });
  assert.match(lines[0]!.message, /"order\.rpc\/0" \(7 bytes: it has no port\).* and 49995 more$/);
  for (let second = 0; second < 59; second++) {
    skipped.add(key(second), 8, "it is empty");
    pass(1_000);
  }
  assert.equal(lines.length, 1);
  pass(60_000);
  assert.equal(lines.length, 2);
  release();
  again.release();
});

test("the same nonsense again is no news, nor is what was corrected before it was told", () => {
  const { skipped, release } = acquireSkippedValues("order.rpc");
  skipped.add(key(1), 0, "it is empty");
  pass(1);
  skipped.add(key(1), 0, "it is empty");
  skipped.add(key(2), 0, "it is empty");
  skipped.clear(key(2));
  pass(120_000);
  assert.equal(lines.length, 1);
  skipped.clear(key(1));
  skipped.add(key(1), 0, "it is empty");
  pass(120_000);
  assert.equal(lines.length, 2);
  release();
});

test("a few are told as they come, each by name; the rest of a minute's in one line at its end", () => {
  const { skipped, release } = acquireSkippedValues("order.rpc");
  for (let i = 0; i < 100; i++) {
    skipped.add(key(i), 0, "it is empty");
    pass(10);
  }
  assert.deepEqual(
    lines.map(({ message }) => /order\.rpc\/\d+/.exec(message)?.[0]),
    [0, 1, 2, 3, 4].map((i) => `order.rpc/${i}`),
  );
  pass(60_000);
  assert.equal(lines.length, 6);
  assert.deepEqual(lines[5]!.fields, { service: "order.rpc", skipped: 95 });
  release();
});
