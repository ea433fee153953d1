import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientPresence, readPresence, writePresence } from "./client-presence.js";

const presence: ClientPresence = {
  name: "cart",
  host: "node-3",
  pid: 4711,
  startedAt: 1_764_000_000_000,
  calls: ["order.rpc", "user.rpc"],
  serves: [{ service: "cart.rpc", address: "10.0.0.7:8081" }],
  metrics: ["http://10.0.0.7:6060/metrics"],
};

test("a presence is read as it was written", () => {
  assert.deepEqual(readPresence(writePresence(presence)), presence);
});

test("what anybody may have written there is no presence, or what of it can be one", () => {
  for (const strange of ["", "null", "[]", "{", "7", '{"calls":"x"}', `{"calls":["${"x".repeat(300_000)}"]}`]) {
    assert.equal(readPresence(Buffer.from(strange)), undefined, strange.slice(0, 20));
  }
  const odd = { calls: [1, "a.rpc", null], pid: -1, startedAt: "x", serves: [null, { service: "a" }] };
  const metrics = ["http://u:p@h/metrics", "file:///etc/passwd", "https://h/m", "http://h/m?x=1", "http://h:1/m"];
  assert.deepEqual(readPresence(Buffer.from(JSON.stringify({ ...odd, metrics }))), {
    ...{ name: "", host: "", pid: 0, startedAt: 0 },
    calls: ["a.rpc"],
    serves: [],
    metrics: ["http://h:1/m"],
  });
});
