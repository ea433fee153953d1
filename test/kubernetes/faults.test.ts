import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { KubernetesTiming } from "../../src/backends/kubernetes/index.js";
import { SilentProxy } from "../support/network/silent-proxy.js";
import { KubeApiServer } from "../support/real-parts/kube-api.js";
import { selfSigned } from "../support/real-parts/kube-certificate.js";
import { failure } from "../support/real-parts/kube-status.js";
import type { Watched } from "../support/watched.js";
import { endpoint, LEAVING, Pod, slice } from "./pod.js";

describe("an API server that misbehaves", () => {
  let server: KubeApiServer;
  let pods: Pod[];
  let watches: Watched[];

  beforeEach(async () => {
    pods = [];
    watches = [];
    server = new KubeApiServer();
    await server.start();
    server.apply(slice("order-1", [endpoint("10.0.0.1")]));
  });
  afterEach(async () => {
    for (const watched of watches) await watched.end();
    for (const pod of pods) pod.remove();
    await server.stop();
  });

  function pod(timing: Partial<KubernetesTiming> = {}, port = server.port): Pod {
    const made = new Pod({ port, ca: server.certificate.cert, token: "reader", namespace: "shop" }, timing);
    pods.push(made);
    return made;
  }

  async function watch(from: Pod, url = "k8s:///order"): Promise<Watched> {
    const watched = await from.watch(url);
    watches.push(watched);
    return watched;
  }

  /** Watches the one slice there is, and waits until changes would be seen. */
  async function settled(from: Pod): Promise<Watched> {
    const watched = await watch(from);
    await watched.shows("10.0.0.1:8080");
    await server.until(() => server.watches === 1);
    return watched;
  }

  async function sees(watched: Watched, address = "10.0.0.2"): Promise<void> {
    server.apply(slice("order-1", [endpoint(address)]));
    await watched.shows(`${address}:8080`);
  }

  const verbs = () => server.requests.map(({ verb, status }) => `${verb} ${status}`);

  test("a watch that ends is resumed from the last version seen, a bookmark's included, without another list", async () => {
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
    test(`a version that has expired, told as ${as}, makes it list again`, async () => {
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

  test("pages whose version expires between them are replaced by one whole list", async () => {
    for (let at = 2; at <= 60; at++) server.apply(slice(`order-${at}`, [endpoint(`10.0.0.${at}`)]));
    server.refusals.push(undefined, failure(410, "Expired", "The provided continue parameter is too old"));
    const watched = await watch(pod());
    await watched.until(() => watched.now?.split(" ").length === 60);
    assert.deepEqual(
      server.requests.slice(0, 3).map(({ query }) => query.limit),
      ["50", "50", undefined],
    );
  });

  test("a token that was replaced on disk is used as soon as the old one is refused", async () => {
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

  test("a token that is not accepted is told, and tried again", async () => {
    const from = pod();
    from.write("token", "stale");
    const watched = await watch(from);
    await watched.until(() => watched.troubles.length > 0);
    assert.match(
      watched.troubles[0] ?? "",
      /shop\/order: the credentials of the pod's service account are not accepted/,
    );
    from.write("token", "reader");
    await watched.shows("10.0.0.1:8080");
  });

  test("events that come in many pieces are put together", async () => {
    server.garble = (line) => line.match(/.{1,7}|\n/gu) ?? [];
    const watched = await settled(pod());
    server.apply(slice("order-1", [endpoint("10.0.0.1"), { ...endpoint("10.0.0.2"), deprecatedTopology: "区域🌍" }]));
    await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
    assert.deepEqual(verbs(), ["list 200", "watch 200"]);
  });

  test("an event that is cut off by the end of its connection is had after all", async () => {
    const watched = await settled(pod());
    server.garble = (line) => [line.slice(0, line.length / 2)];
    server.apply(slice("order-1", [endpoint("10.0.0.2")]));
    server.garble = undefined;
    server.endWatches();
    await watched.shows("10.0.0.2:8080");
    assert.ok(!watched.sets.includes(""));
  });

  test("what is no event makes it list again, for it may have been one", async () => {
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

  test("a list that is none is told and asked for again", async () => {
    const nonsense = ["<html>", "null", "{}", '{"metadata":{}}', '{"metadata":{"resourceVersion":"1"},"items":{}}'];
    server.refusals.push(...nonsense.map((body) => ({ status: 200, body })));
    const watched = await watch(pod());
    await watched.shows("10.0.0.1:8080");
    await watched.until(() => watched.troubles.length === 2);
    assert.match(watched.troubles[0] ?? "", /the server sent no JSON object: <html>/);
  });

  test("very large objects are read", async () => {
    const watched = await settled(pod());
    const endpoints = Array.from({ length: 1_000 }, (_, at) => ({
      ...endpoint(`10.1.${at >> 8}.${at & 255}`),
      hostname: "x".repeat(2_000),
    }));
    server.apply(slice("order-1", endpoints));
    await watched.until(() => watched.now?.split(" ").length === 1_000);
  });

  test("a service with several slices changes once for what is told at once", async () => {
    const watched = await settled(pod());
    for (let at = 2; at <= 20; at++) server.apply(slice(`order-${at}`, [endpoint(`10.0.0.${at}`)]));
    await watched.until(() => watched.now?.split(" ").length === 20);
    assert.ok(watched.sets.length < 20, `${watched.sets.length} sets`);
  });

  test("an update that changes nothing for callers is kept to itself", async () => {
    const watched = await settled(pod());
    server.apply(slice("order-1", [{ ...endpoint("10.0.0.1"), deprecatedTopology: { a: "b" } }]));
    await sees(watched);
    // The second set still has the one that vanished, for it may only have moved.
    assert.deepEqual(watched.sets, ["10.0.0.1:8080", "10.0.0.1:8080 10.0.0.2:8080", "10.0.0.2:8080"]);
  });

  test("an endpoint that is in no slice while it moves stays in use", async () => {
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

  test("a connection that falls silent is noticed by its pings and replaced", async () => {
    const proxy = new SilentProxy(server.port);
    await proxy.start();
    const watched = await settled(pod({ pingMs: 300, pongMs: 200 }, proxy.port));
    proxy.silence();
    await sees(watched);
    await watched.end();
    await proxy.stop();
  });

  test("without HTTP/2 a silent connection is noticed when its watch should have ended", async () => {
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

  test("a server that takes requests and never answers is told", async () => {
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

  test("a cluster restored to an earlier state is listed anew, not watched from its future", async () => {
    const watched = await settled(pod());
    await server.stop();
    await watched.until(() => watched.troubles.length > 0);
    server.restore(10);
    server.apply(slice("order-1", [endpoint("10.0.0.2")]));
    await server.start();
    await watched.shows("10.0.0.2:8080");
    await sees(watched, "10.0.0.3");
  });

  test("a server that sheds its clients gets the next request on a new connection", async () => {
    const watched = await settled(pod());
    server.goAway();
    await sees(watched);
    server.endWatches();
    await server.until(() => server.requests.length === 3 && server.watches === 1);
    await sees(watched, "10.0.0.3");
    assert.deepEqual(watched.troubles, []);
  });

  test("an ERROR event other than expiry is followed by a fresh start", async () => {
    const watched = await settled(pod());
    server.fail(failure(500, "InternalError", "etcdserver: no leader").body as object);
    await server.until(() => server.watches === 0);
    await server.until(() => server.watches === 1);
    await sees(watched);
  });

  test("where watching is forbidden, listing again and again is better than nothing", async () => {
    server.tokens.set("reader", ["list"]);
    const watched = await watch(pod());
    await watched.shows("10.0.0.1:8080");
    await watched.until(() => watched.troubles.length > 0);
    assert.match(watched.troubles[0] ?? "", /may not watch endpointslices\.discovery\.k8s\.io in namespace "shop"/);
    await sees(watched);
    assert.equal(watched.troubles.length, 1);
  });

  test("a server that is too busy is left alone for as long as it asks", async () => {
    const busy = failure(429, "TooManyRequests", "too many requests");
    server.refusals.push({ ...busy, body: { ...(busy.body as object), details: { retryAfterSeconds: 1 } } });
    const began = performance.now();
    const watched = await watch(pod());
    await watched.shows("10.0.0.1:8080");
    assert.ok(performance.now() - began >= 990);
    assert.match(watched.troubles[0] ?? "", /answers 429: too many requests/);
  });

  test("watches that end at once are not begun again at once", async () => {
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

  test("an API without EndpointSlices, and a certificate of another authority, are told in words", async () => {
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

  test("many services cost one connection, and none when nobody watches", async () => {
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

  test("more services than a connection may carry get further connections", async () => {
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

  test("a watch can be ended at any moment", async () => {
    const from = pod();
    await (await watch(from)).end();
    await server.stop();
    const cutOff = await watch(from);
    await cutOff.until(() => cutOff.troubles.length > 0);
    await cutOff.end();
  });
});
