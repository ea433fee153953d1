import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoint, slice } from "../pod.js";
import { scene } from "./scene.js";

test("events that come in many pieces are put together", async (t) => {
  const { server, pod, settled, verbs } = await scene(t);
  server.garble = (line) => line.match(/.{1,7}|\n/gu) ?? [];
  const watched = await settled(pod());
  server.apply(slice("order-1", [endpoint("10.0.0.1"), { ...endpoint("10.0.0.2"), deprecatedTopology: "区域🌍" }]));
  await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
  assert.deepEqual(verbs(), ["list 200", "watch 200"]);
});

test("an event that is cut off by the end of its connection is had after all", async (t) => {
  const { server, pod, settled } = await scene(t);
  const watched = await settled(pod());
  server.garble = (line) => [line.slice(0, line.length / 2)];
  server.apply(slice("order-1", [endpoint("10.0.0.2")]));
  server.garble = undefined;
  server.endWatches();
  await watched.shows("10.0.0.2:8080");
  assert.ok(!watched.sets.includes(""));
});

test("what is no event makes it list again, for it may have been one", async (t) => {
  const { server, pod, settled } = await scene(t);
  const watched = await settled(pod());
  for (const nonsense of ["{", "null", '{"type":"DANCED","object":{}}', '{"type":"ADDED","object":null}', ""]) {
    server.garble = () => [`${nonsense}\n`];
    server.apply(slice("order-1", [endpoint("10.0.0.2")]));
    server.garble = undefined;
    await watched.shows("10.0.0.2:8080");
    await server.until(() => server.watches === 1);
    server.apply(slice("order-1", [endpoint("10.0.0.1")]));
    await watched.shows("10.0.0.1:8080");
    await watched.until(() => watched.troubles.at(-1) === undefined);
  }
  assert.match(watched.troubles[0] ?? "", /the server sent no JSON object: \{/);
  assert.ok(!watched.sets.includes(""));
});

test("a list that is none is told and asked for again", async (t) => {
  const { server, pod, watch } = await scene(t);
  const nonsense = ["<html>", "null", "{}", '{"metadata":{}}', '{"metadata":{"resourceVersion":"1"},"items":{}}'];
  server.refusals.push(...nonsense.map((body) => ({ status: 200, body })));
  const watched = await watch(pod());
  await watched.shows("10.0.0.1:8080");
  await watched.until(() => watched.troubles.length === 2);
  assert.match(watched.troubles[0] ?? "", /the server sent no JSON object: <html>/);
});

test("very large objects are read", async (t) => {
  const { server, pod, settled } = await scene(t);
  const watched = await settled(pod());
  const endpoints = Array.from({ length: 1_000 }, (_, at) => ({
    ...endpoint(`10.1.${at >> 8}.${at & 255}`),
    hostname: "x".repeat(2_000),
  }));
  server.apply(slice("order-1", endpoints));
  await watched.until(() => watched.now?.split(" ").length === 1_000);
});
