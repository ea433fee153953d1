import assert from "node:assert/strict";
import { test } from "node:test";
import { selfSigned } from "../../support/real-parts/kube/certificate.js";
import { failure } from "../../support/real-parts/kube/status.js";
import { scene } from "./scene.js";

test("a token that was replaced on disk is used as soon as the old one is refused", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const from = pod();
  const watched = await settled(from);
  server.tokens.clear();
  server.tokens.set("second", ["list", "watch"]);
  from.write("token", "second\n");
  server.endWatches();
  await server.until(() => server.watches === 1);
  await sees(watched);
  assert.deepEqual(watched.troubles, []);
});

test("a token that is not accepted is told, and tried again", async (t) => {
  const { pod, watch } = await scene(t);
  const from = pod();
  from.write("token", "stale");
  const watched = await watch(from);
  await watched.until(() => watched.troubles.length > 0);
  assert.match(watched.troubles[0] ?? "", /shop\/order: the credentials of the pod's service account are not accepted/);
  from.write("token", "reader");
  await watched.shows("10.0.0.1:8080");
});

test("where watching is forbidden, listing again and again is better than nothing", async (t) => {
  const { server, pod, watch, sees } = await scene(t);
  server.tokens.set("reader", ["list"]);
  const watched = await watch(pod());
  await watched.shows("10.0.0.1:8080");
  await watched.until(() => watched.troubles.length > 0);
  assert.match(watched.troubles[0] ?? "", /may not watch endpointslices\.discovery\.k8s\.io in namespace "shop"/);
  await sees(watched);
  assert.equal(watched.troubles.length, 1);
});

test("a server that is too busy is left alone for as long as it asks", async (t) => {
  const { server, pod, watch } = await scene(t);
  const busy = failure(429, "TooManyRequests", "too many requests");
  server.refusals.push({ ...busy, body: { ...(busy.body as object), details: { retryAfterSeconds: 1 } } });
  const began = performance.now();
  const watched = await watch(pod());
  await watched.shows("10.0.0.1:8080");
  assert.ok(performance.now() - began >= 990);
  assert.match(watched.troubles[0] ?? "", /answers 429: too many requests/);
});

test("an API without EndpointSlices, and a certificate of another authority, are told in words", async (t) => {
  const { server, pod, watch } = await scene(t);
  server.refusals.push(failure(404, "NotFound", "the server could not find the requested resource"));
  const old = await watch(pod());
  await old.until(() => old.troubles.length > 0);
  assert.match(old.troubles[0] ?? "", /there are no endpointslices of discovery\.k8s\.io\/v1: .*1\.21/);
  const from = pod();
  from.write("ca.crt", selfSigned().cert);
  const distrusted = await watch(from);
  await distrusted.until(() => distrusted.troubles.length > 0);
  assert.match(distrusted.troubles[0] ?? "", /cannot be reached: self-signed certificate/);
  from.write("ca.crt", server.certificate.cert);
  await distrusted.shows("10.0.0.1:8080");
});
