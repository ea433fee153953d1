import assert from "node:assert/strict";
import { test } from "node:test";
import { failure } from "../../support/real-parts/kube/status.js";
import { endpoint, slice } from "../pod.js";
import { scene } from "./scene.js";

test("a watch that ends is resumed from the last version seen, a bookmark's included, without another list", async (t) => {
  const { server, pod, settled, sees, verbs } = await scene(t);
  const watched = await settled(pod());
  for (let changes = 0; changes < 5; changes++) server.changeElsewhere();
  server.bookmark();
  server.endWatches();
  await server.until(() => server.watches === 1);
  assert.deepEqual(verbs(), ["list 200", "watch 200", "watch 200"]);
  assert.equal(server.requests.at(-1)?.query.resourceVersion, `${server.version}`);
  assert.equal(server.requests.at(-1)?.query.allowWatchBookmarks, "true");
  assert.ok(Number(server.requests.at(-1)?.query.timeoutSeconds) >= 240);
  await sees(watched);
  assert.deepEqual(watched.troubles, []);
});

for (const as of ["event", "status"] as const) {
  test(`a version that has expired, told as ${as}, makes it list again`, async (t) => {
    const { server, pod, settled, sees, verbs } = await scene(t);
    server.expiredAs = as;
    const watched = await settled(pod());
    server.changeElsewhere();
    server.expire();
    server.endWatches();
    await server.until(() => verbs().filter((verb) => verb === "list 200").length === 2);
    await sees(watched);
    assert.deepEqual(verbs().slice(2, 4), [as === "status" ? "watch 410" : "watch 200", "list 200"]);
    assert.deepEqual(watched.troubles, []);
  });
}

test("pages whose version expires between them are replaced by one whole list", async (t) => {
  const { server, pod, watch } = await scene(t);
  for (let at = 2; at <= 60; at++) server.apply(slice(`order-${at}`, [endpoint(`10.0.0.${at}`)]));
  server.refusals.push(undefined, failure(410, "Expired", "The provided continue parameter is too old"));
  const watched = await watch(pod());
  await watched.until(() => watched.now?.split(" ").length === 60);
  assert.deepEqual(
    server.requests.slice(0, 3).map(({ query }) => query.limit),
    ["50", "50", undefined],
  );
});

test("a cluster restored to an earlier state is listed anew, not watched from its future", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const watched = await settled(pod());
  await server.stop();
  await watched.until(() => watched.troubles.length > 0);
  server.restore(10);
  server.apply(slice("order-1", [endpoint("10.0.0.2")]));
  await server.start();
  await watched.shows("10.0.0.2:8080");
  await sees(watched, "10.0.0.3");
});

test("an ERROR event other than expiry is followed by a fresh start", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const watched = await settled(pod());
  server.fail(failure(500, "InternalError", "etcdserver: no leader").body as object);
  await server.until(() => server.watches === 0);
  await server.until(() => server.watches === 1);
  await sees(watched);
});

test("a version from which every watch ends with an ERROR event is given up: what changed meanwhile is listed", async (t) => {
  const { server, pod, settled, verbs } = await scene(t);
  const watched = await settled(pod());
  const from = server.version;
  const broken = failure(500, "InternalError", "unable to decode an object in the watch stream").body as object;
  server.poison = (version) => (version <= from ? broken : undefined);
  server.endWatches();
  server.apply(slice("order-1", [endpoint("10.0.0.2")]));
  await watched.shows("10.0.0.2:8080");
  assert.deepEqual(verbs().slice(2, 4), ["watch 200", "list 200"]);
  assert.deepEqual(watched.troubles, [], "once is no trouble yet");
});

test("watches that are granted and end with an ERROR event again and again are told once, and when it is over", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const watched = await settled(pod({ shortWatchMs: 50 }));
  const broken = failure(500, "InternalError", "etcdserver: no leader").body as object;
  server.poison = () => broken;
  server.endWatches();
  await watched.until(() => watched.troubles.length > 0);
  assert.match(watched.troubles[0] ?? "", /the watch ended with 500: etcdserver: no leader/);
  // What the lists between them tell is used meanwhile.
  await sees(watched);
  const before = server.requests.length;
  await server.until(() => server.requests.length >= before + 4);
  assert.equal(watched.troubles.length, 1);
  server.poison = undefined;
  await watched.until(() => watched.troubles.at(-1) === undefined);
  assert.equal(watched.troubles.length, 2);
});

test("a watch that ends because the server is busy (429) goes on where it stopped", async (t) => {
  const { server, pod, settled, sees, verbs } = await scene(t);
  const watched = await settled(pod());
  server.fail(failure(429, "TooManyRequests", "storage is (re)initializing").body as object);
  await server.until(() => server.watches === 0);
  await server.until(() => server.watches === 1);
  await sees(watched);
  assert.deepEqual(verbs(), ["list 200", "watch 200", "watch 200"]);
});
