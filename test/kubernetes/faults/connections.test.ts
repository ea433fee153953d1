import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { connect } from "../../../src/backends/kubernetes/api/transport.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { KubeApiServer } from "../../support/real-parts/kube/stand-in.js";
import { endpoint, slice } from "../pod.js";
import { scene } from "./scene.js";

test("a connection that falls silent is noticed by its pings and replaced", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const proxy = new SilentProxy(server.port);
  await proxy.start();
  const watched = await settled(pod({ pingMs: 300, pongMs: 200 }, proxy.port));
  proxy.silence();
  await sees(watched);
  await watched.end();
  await proxy.stop();
});

test("without HTTP/2 a silent connection is noticed when its watch should have ended", async (t) => {
  const { pod, watch } = await scene(t);
  const http1 = new KubeApiServer({ http1: true });
  await http1.start();
  http1.apply(slice("order-1", [endpoint("10.0.0.1")]));
  const proxy = new SilentProxy(http1.port);
  await proxy.start();
  const from = pod({ watchSeconds: 0.5, overtimeMs: 0 }, proxy.port);
  from.write("ca.crt", http1.certificate.cert);
  const watched = await watch(from);
  await http1.until(() => http1.watches === 1);
  http1.apply(slice("order-1", [endpoint("10.0.0.2")]));
  await watched.shows("10.0.0.2:8080");
  proxy.silence();
  http1.apply(slice("order-1", [endpoint("10.0.0.3")]));
  await watched.shows("10.0.0.3:8080");
  assert.equal(http1.requests[0]?.protocol, "1.1");
  await watched.end();
  await proxy.stop();
  await http1.stop();
});

test("who leaves an answer in its midst resets its stream, and not before all that has arrived was read", async (t) => {
  const { server } = await scene(t);
  const { signal } = new AbortController();
  const credentials = {
    server: new URL(`https://127.0.0.1:${server.port}`),
    headers: { authorization: "Bearer reader" },
    tls: { ca: server.certificate.cert },
  };
  const transport = await connect(credentials, { pingMs: 60_000, pongMs: 1_000 }, signal);
  const destroyed = t.mock.method(Duplex.prototype, "destroy");
  const path =
    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?watch=1&allowWatchBookmarks=true&timeoutSeconds=60";
  const { body } = await transport.get(path, credentials.headers, signal);
  await server.until(() => server.watches === 1);
  server.bookmark();
  for await (const _event of body) break;
  // The stand-in's own streams are in this process, too.
  const own = destroyed.mock.calls.filter((call) => (call.this as object).constructor.name === "ClientHttp2Stream");
  assert.equal(own.length, 0, "node:http2 is still reading in this turn of the event loop");
  await server.until(() => server.watches === 0);
  transport.close();
});

test("a server that takes requests and never answers is told", async (t) => {
  const { server, pod, watch, settled } = await scene(t);
  const proxy = new SilentProxy(server.port);
  await proxy.start();
  const from = pod({ answerMs: 300, pingMs: 60_000 }, proxy.port);
  const watched = await settled(from);
  proxy.silence();
  const other = await watch(from, "k8s:///order:grpc");
  await other.until(() => other.troubles.length > 0);
  assert.match(other.troubles[0] ?? "", /127\.0\.0\.1:\d+ cannot be reached: no answer came within 300 ms/);
  await other.end();
  await watched.end();
  await proxy.stop();
});

test("a server that sheds its clients gets the next request on a new connection", async (t) => {
  const { server, pod, settled, sees } = await scene(t);
  const watched = await settled(pod());
  server.goAway();
  await sees(watched);
  server.endWatches();
  await server.until(() => server.requests.length === 3 && server.watches === 1);
  await sees(watched, "10.0.0.3");
  assert.deepEqual(watched.troubles, []);
});

test("watches that end at once are not begun again at once", async (t) => {
  const { server, pod, watch } = await scene(t);
  server.watchMs = 0;
  const watched = await watch(pod({ backoff: { initialMs: 100, maxMs: 100 } }));
  await watched.shows("10.0.0.1:8080");
  const before = server.requests.length;
  const began = performance.now();
  // Half of 100 ms is the shortest wait; the stand-in says nothing in these watches, not even a bookmark.
  await server.until(() => server.requests.length === before + 5);
  assert.ok(performance.now() - began >= 4 * 49);
  assert.deepEqual(watched.troubles, []);
});

test("many services cost one connection, and none when nobody watches", async (t) => {
  const { server, pod, watch, watches } = await scene(t);
  const from = pod();
  for (let at = 0; at < 20; at++) await watch(from, `k8s:///order-${at}`);
  const watched = await watch(from);
  await watched.shows("10.0.0.1:8080");
  await server.until(() => server.watches === 21);
  assert.equal(server.connections, 1);
  assert.equal(server.requests[0]?.protocol, "2.0");
  for (const one of watches) await one.end();
  await server.until(() => server.connections === 0);
  const again = await watch(from);
  await again.shows("10.0.0.1:8080");
});

test("more services than a connection may carry get further connections", async (t) => {
  const { pod, watch, watches } = await scene(t);
  const small = new KubeApiServer({ maxStreams: 10 });
  await small.start();
  const from = pod({}, small.port);
  from.write("ca.crt", small.certificate.cert);
  await Promise.all(Array.from({ length: 25 }, (_, at) => watch(from, `k8s:///order-${at}`)));
  await small.until(() => small.watches === 25);
  assert.equal(small.connections, 3);
  for (const one of watches) await one.end();
  await small.until(() => small.connections === 0);
  await small.stop();
});

test("a watch can be ended at any moment", async (t) => {
  const { server, pod, watch } = await scene(t);
  const from = pod();
  await (await watch(from)).end();
  await server.stop();
  const cutOff = await watch(from);
  await cutOff.until(() => cutOff.troubles.length > 0);
  await cutOff.end();
});
