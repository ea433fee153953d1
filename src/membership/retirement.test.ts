import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ManualTiming } from "../testing/manual-timing.js";
import { RETIRED_MS } from "./grace-periods.js";
import { Retired } from "./retirement.js";

class Connection {
  living = true;
  closed = 0;
  close() {
    this.closed += 1;
  }
}

let timing: ManualTiming;
let retired: Retired<Connection>;
beforeEach(() => {
  timing = new ManualTiming();
  retired = new Retired(timing);
});

test("a connection is kept for its time and then closed, once", async () => {
  const connection = new Connection();
  retired.add("a", connection);
  await timing.advance(RETIRED_MS - 1);
  assert.equal(connection.closed, 0);
  await timing.advance(1);
  assert.equal(connection.closed, 1);
  assert.equal(retired.take("a"), undefined);
  retired.close();
  assert.equal(connection.closed, 1);
});

test("what is handed back is no longer closed, and its time begins anew when it retires again", async () => {
  const connection = new Connection();
  retired.add("a", connection);
  await timing.advance(RETIRED_MS - 1);
  assert.equal(retired.take("a"), connection);
  retired.add("a", connection);
  await timing.advance(RETIRED_MS - 1);
  assert.deepEqual(retired.takeAll(), [["a", connection]]);
  await timing.advance(RETIRED_MS);
  retired.close();
  assert.equal(connection.closed, 0);
});

test("one that has stopped is closed at once, the others are kept", () => {
  const [stopped, living] = [new Connection(), new Connection()];
  retired.add("a", stopped);
  retired.add("b", living);
  stopped.living = false;
  retired.closeUnless((connection) => connection.living);
  assert.deepEqual([stopped.closed, living.closed], [1, 0]);
  assert.deepEqual(retired.takeAll(), [["b", living]]);
});

test("close() closes all and leaves no timer", () => {
  const connections = [new Connection(), new Connection()];
  for (const [i, connection] of connections.entries()) retired.add(String(i), connection);
  retired.close();
  assert.deepEqual(
    connections.map(({ closed }) => closed),
    [1, 1],
  );
  assert.equal(timing.nextIn, undefined);
});
