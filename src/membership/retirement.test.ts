import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Departed, LINGER_MS } from "./retirement.js";

class Line {
  ready = true;
  closed = 0;
  close() {
    this.closed += 1;
  }
}

let departed: Departed<Line>;
beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  departed = new Departed();
});

test("a connection is kept for its time and then closed, once", () => {
  const line = new Line();
  departed.add("a", line);
  mock.timers.tick(LINGER_MS - 1);
  assert.equal(line.closed, 0);
  mock.timers.tick(1);
  assert.equal(line.closed, 1);
  assert.equal(departed.take("a"), undefined);
  departed.close();
  assert.equal(line.closed, 1);
});

test("what is handed back is no longer closed, and its time begins anew when it departs again", () => {
  const line = new Line();
  departed.add("a", line);
  mock.timers.tick(LINGER_MS - 1);
  assert.equal(departed.take("a"), line);
  departed.add("a", line);
  mock.timers.tick(LINGER_MS - 1);
  assert.deepEqual(departed.takeAll(), [["a", line]]);
  mock.timers.tick(LINGER_MS);
  departed.close();
  assert.equal(line.closed, 0);
});

test("one that has stopped is let go of at once, the others are kept", () => {
  const [stopped, living] = [new Line(), new Line()];
  departed.add("a", stopped);
  departed.add("b", living);
  stopped.ready = false;
  departed.closeStopped();
  assert.deepEqual([stopped.closed, living.closed], [1, 0]);
  assert.deepEqual(departed.takeAll(), [["b", living]]);
});

test("close() closes all", () => {
  const lines = [new Line(), new Line()];
  for (const [i, line] of lines.entries()) departed.add(String(i), line);
  departed.close();
  assert.deepEqual(
    lines.map(({ closed }) => closed),
    [1, 1],
  );
});
