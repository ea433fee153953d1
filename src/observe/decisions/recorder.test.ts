import assert from "node:assert/strict";
import { test } from "node:test";
import type { Weighed } from "../../balancer/node.js";
import { FlightRecorder } from "./recorder.js";

function node(key: string, weighed = 1): Weighed<string> {
  const ignore = () => {};
  return {
    key,
    weighed,
    expectedMs: 12.5,
    inFlight: 2,
    failureRate: 0.25,
    distance: 2,
    share: 1,
    ewmaMs: 12.5,
    load: () => weighed,
    started: ignore,
    answered: ignore,
    waits: ignore,
    ended: ignore,
    released: ignore,
  };
}

const channel = (service: string) => ({ id: 1, service, setAside: [{ instance: "c", why: "is being connected to" }] });

test("a decision is read as it was made: who was compared and how, who was set aside, and how it ended", () => {
  const recorder = new FlightRecorder(8);
  const order = channel("order.rpc");
  const [a, b] = [node("a", 1), node("b", 3)];
  const seq = recorder.picked(order, "/order.Order/Get", a, a, b, a);
  recorder.at(seq, 1_000);
  assert.equal(recorder.decisions()[0]!.outcome, "running");
  recorder.started(seq, 2);
  recorder.ended(seq, 14, false, 33.3);
  const parts = { expectedMs: 12.5, inFlight: 2, failureRate: 0.25, distance: 2, share: 1 };
  assert.deepEqual(recorder.decisions(), [
    {
      seq: 0,
      at: performance.timeOrigin + 1_000,
      service: "order.rpc",
      method: "/order.Order/Get",
      instance: "a",
      compared: [
        { instance: "a", load: 1, ...parts },
        { instance: "b", load: 3, ...parts },
      ],
      probe: false,
      setAside: order.setAside,
      attempt: 2,
      outcome: "failed",
      code: 14,
      latencyMs: 33.3,
    },
  ]);
});

test("only the last picks are kept, the oldest first, and what ends after its place was taken changes nothing", () => {
  const recorder = new FlightRecorder(4);
  const order = channel("order.rpc");
  const first = recorder.picked(order, "/m", node("old"), node("old"), node("old"), node("old"));
  for (let i = 0; i < 4; i++) {
    const one = node(`n${i}`);
    recorder.picked(order, "/m", one, one, one, one);
  }
  recorder.ended(first, 0, true, 1);
  const kept = recorder.decisions();
  assert.deepEqual(
    kept.map(({ instance }) => instance),
    ["n0", "n1", "n2", "n3"],
  );
  assert.ok(kept.every(({ outcome }) => outcome === "running"));
});

test("decisions are told apart by channel, and one that came to nothing is not told", () => {
  const recorder = new FlightRecorder(8);
  const [one, other] = [channel("one"), channel("other")];
  recorder.picked(one, "/m", node("a"), node("a"), node("a"), node("a"));
  const dropped = recorder.picked(one, "/m", node("b"), node("b"), node("b"), node("b"));
  recorder.picked(other, "/m", node("c"), node("c"), node("c"), node("c"));
  recorder.forget(dropped);
  assert.deepEqual(
    recorder.decisions(one).map(({ instance }) => instance),
    ["a"],
  );
  assert.equal(recorder.decisions().length, 2);
});

test("a probe is one chosen although another had less load", () => {
  const recorder = new FlightRecorder(8);
  const [light, heavy] = [node("light", 1), node("heavy", 9)];
  recorder.picked(channel("s"), "/m", heavy, heavy, light, light);
  recorder.picked(channel("s"), "/m", light, heavy, light, light);
  assert.deepEqual(
    recorder.decisions().map(({ probe }) => probe),
    [true, false],
  );
});

test("instances without end: as many are kept as there is room for, each by its name", () => {
  const recorder = new FlightRecorder(64);
  const order = channel("order.rpc");
  for (let i = 0; i < 50_000; i++) {
    const one = node(`10.0.0.${i}:80`);
    recorder.picked(order, "/m", one, one, one, one);
  }
  const kept = recorder.decisions();
  assert.equal(kept.length, 64);
  kept.forEach(({ instance }, i) => {
    assert.equal(instance, `10.0.0.${50_000 - 64 + i}:80`);
  });
});
