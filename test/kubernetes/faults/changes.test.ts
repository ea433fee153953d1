import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoint, LEAVING, slice } from "../pod.js";
import { scene } from "./scene.js";

test("a service with several slices changes once for what is told at once", async (t) => {
  const { server, pod, settled } = await scene(t);
  const watched = await settled(pod());
  for (let at = 2; at <= 20; at++) server.apply(slice(`order-${at}`, [endpoint(`10.0.0.${at}`)]));
  await watched.until(() => watched.now?.split(" ").length === 20);
  assert.ok(watched.sets.length < 20, `${watched.sets.length} sets`);
});

test("an update that changes nothing for callers is kept to itself", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const watched = await settled(pod());
  server.apply(slice("order-1", [{ ...endpoint("10.0.0.1"), deprecatedTopology: { a: "b" } }]));
  await sees(watched);
  // The second set still has the one that vanished, for it may only have moved.
  assert.deepEqual(watched.sets, ["10.0.0.1:8080", "10.0.0.1:8080 10.0.0.2:8080", "10.0.0.2:8080"]);
});

test("an endpoint that is in no slice while it moves stays in use", async (t) => {
  const { server, pod, settled } = await scene(t);
  const watched = await settled(pod({ removalGraceMs: 60_000 }));
  server.apply(slice("order-1", [endpoint("10.0.0.2")]));
  await watched.until(() => watched.now?.includes("10.0.0.2") ?? false);
  server.apply(slice("order-2", [endpoint("10.0.0.1"), endpoint("10.0.0.3")]));
  await watched.shows("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
  assert.ok(watched.sets.every((set) => set.includes("10.0.0.1:8080")));
  // Back, it goes as soon as it is told to.
  server.apply(slice("order-2", [endpoint("10.0.0.1", LEAVING), endpoint("10.0.0.3")]));
  await watched.shows("10.0.0.2:8080", "10.0.0.3:8080");
});
