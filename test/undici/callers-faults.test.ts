import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { until } from "../support/until.js";
import { contestants, fetchOf } from "./contestants.js";
import { fleet, registry } from "./fleet.js";
import { startHttp } from "./http-server.js";

for (const contestant of contestants) {
  const { name, undici, global } = contestant;

  test(`${name}: a caller that gives up is no failure of the instance, a broken connection is`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 1);
    const abort = new AbortController();
    const hanging = fetch("/hang", { signal: abort.signal });
    await until(() => servers[0]!.requests.length === 1, "it is being served");
    abort.abort();
    await assert.rejects(hanging, { name: "AbortError" });
    const [instance] = interceptor.stats().instances;
    assert.equal(instance!.failureRate, 0);
    assert.equal(instance!.inFlight, 0);
    const broken = fetch("/hang");
    await until(() => servers[0]!.requests.length === 2, "it is being served");
    servers[0]!.server.closeAllConnections();
    await assert.rejects(broken, /fetch failed/);
    assert.ok(interceptor.stats().instances[0]!.failureRate > 0);
  });

  test(`${name}: whatever a caller aborts with is its own affair, and ends the request`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 1);
    for (const [at, reason] of [new Error("mine"), "a text", 5, {}, null].entries()) {
      const abort = new AbortController();
      const hanging = fetch("/hang", { signal: abort.signal });
      hanging.catch(() => {});
      await until(() => servers[0]!.requests.length === at + 1, "it is being served");
      abort.abort(reason);
      await assert.rejects(hanging);
      const [instance] = interceptor.stats().instances;
      assert.deepEqual([instance!.failureRate, instance!.inFlight], [0, 0], String(reason));
    }
    const late = fetch("/hang", { signal: AbortSignal.timeout(20) });
    await assert.rejects(late, { name: "TimeoutError" });
    assert.ok(interceptor.stats().instances[0]!.failureRate > 0, "running out of time is the instance's doing");
  });

  test(`${name}: an answer that goes on until its caller's timeout is no failure, unless it was one`, async (t) => {
    const { servers, interceptor } = await fleet(t, contestant, 1);
    servers[0]!.endless = true;
    const agent = new undici.Agent();
    t.after(() => agent.destroy());
    const dispatcher = agent.compose(interceptor);
    for (const [status, isFailure] of [
      [200, false],
      [503, true],
    ] as const) {
      servers[0]!.status = status;
      const abort = new AbortController();
      const answer = await fetchOf(contestant)("http://order.http/", { dispatcher, signal: abort.signal });
      abort.abort(new DOMException("late", "TimeoutError"));
      await assert.rejects(answer.text());
      await until(() => interceptor.stats().instances[0]!.inFlight === 0, "the request has ended");
      assert.equal(interceptor.stats().instances[0]!.failureRate > 0, isFailure);
    }
  });

  if (global) continue;

  test(`${name}: what undici refuses, and a body that fails by itself, is no failure of the instance`, async (t) => {
    const server = await startHttp("one");
    t.after(() => server.close());
    const interceptor = rollcallInterceptor(`direct:///${server.address}`);
    t.after(() => interceptor.close());
    const agent = new undici.Agent();
    t.after(() => agent.destroy());
    const dispatcher = agent.compose(interceptor);
    const unreadable = () =>
      new Readable({
        read() {
          this.destroy(new Error("the disk is gone"));
        },
      });
    const failing = async function* () {
      yield "a";
      throw new Error("the line is cut");
    };
    const lent = new ReadableStream();
    lent.getReader();
    for (const [options, expected] of [
      [{ headers: { "not a name": "x" } }, /invalid header/],
      [{ headers: { expect: "100-continue" } }, /not supported/],
      [{ method: "POST", body: "x", headers: { "content-length": "5" } }, /length/],
      [{ method: "POST", body: unreadable() }, /the disk is gone/],
      [{ method: "POST", body: failing() }, /the line is cut/],
      [{ method: "POST", body: ReadableStream.from(failing()) }, /the line is cut/],
      [{ method: "POST", body: lent }, /locked/],
    ] as const) {
      await assert.rejects(undici.request("http://order.http/", { dispatcher, ...options } as object), expected);
    }
    const [instance] = interceptor.stats().instances;
    assert.deepEqual([instance!.failureRate, instance!.inFlight, instance!.state], [0, 0, "serving"]);
  });

  test(`${name}: a handler that throws at an answer is no failure of the instance`, async (t) => {
    const { servers, interceptor } = await fleet(t, contestant, 1);
    servers[0]!.status = 404;
    const agent = new undici.Agent();
    t.after(() => agent.destroy());
    const dispatcher = agent.compose(interceptor as never);
    const refuse = () => {
      throw new Error("not what I asked for");
    };
    const streamed = undici.stream("http://order.http/", { dispatcher, method: "GET", opaque: undefined }, refuse);
    await assert.rejects(streamed, /not what I asked for/);
    const [instance] = interceptor.stats().instances;
    assert.deepEqual([instance!.failureRate, instance!.inFlight], [0, 0]);
  });

  const { responseError } = undici.interceptors as Partial<typeof undici.interceptors>;
  test(`${name}: an answer that responseError makes an error of counts by its status`, {
    skip: !responseError && "it has no such interceptor",
  }, async (t) => {
    const { servers, interceptor } = await fleet(t, contestant, 1);
    const agent = new undici.Agent();
    t.after(() => agent.destroy());
    const dispatcher = agent.compose(responseError!() as never, interceptor as never);
    for (const [status, isFailure] of [
      [404, false],
      [503, true],
    ] as const) {
      servers[0]!.status = status;
      await assert.rejects(undici.request("http://order.http/", { dispatcher }), { statusCode: status });
      const [instance] = interceptor.stats().instances;
      assert.deepEqual([instance!.failureRate > 0, instance!.inFlight], [isFailure, 0]);
    }
  });

  test(`${name}: a body that fails while its request waits fails the request, and nothing else`, async (t) => {
    const { interceptor } = await fleet(t, contestant, 0);
    const dispatcher = new undici.Agent().compose(interceptor as never);
    const body = new Readable({ read() {} });
    const waiting = undici.request("http://order.http/", { dispatcher, method: "POST", body });
    await until(() => interceptor.stats().waiting === 1, "it waits");
    body.destroy(new Error("the disk is gone"));
    await assert.rejects(waiting, /the disk is gone/);
    assert.equal(interceptor.stats().waiting, 0);
  });

  test(`${name}: a request that waited and is aborted while its connection comes about is not sent`, async (t) => {
    const { interceptor, service } = await fleet(t, contestant, 0);
    const server = await startHttp("late");
    t.after(() => server.close());
    const connector = undici.buildConnector({});
    let connect = () => {};
    const agent = new undici.Agent({
      connect: (options, callback) => {
        connect = () => connector(options, callback);
      },
    });
    t.after(() => agent.destroy());
    const abort = new AbortController();
    const options = { dispatcher: agent.compose(interceptor as never), signal: abort.signal, opaque: undefined };
    const streamed = undici.stream("http://order.http/", { ...options, method: "POST", body: "order" }, () =>
      new PassThrough().resume(),
    );
    const ended = assert.rejects(streamed, { name: "AbortError" });
    await until(() => interceptor.stats().waiting === 1, "it waits");
    registry.list(service, [server.address]);
    await until(() => interceptor.stats().instances[0]?.inFlight === 1, "it has an instance");
    abort.abort();
    connect();
    await ended;
    const [instance] = interceptor.stats().instances;
    assert.deepEqual([server.requests.length, instance!.inFlight, instance!.failureRate], [0, 0, 0]);
  });

  test(`${name}: a function of the application's own that throws costs no request`, async (t) => {
    const server = await startHttp("one");
    t.after(() => server.close());
    const boom = () => {
      throw new Error("boom");
    };
    const interceptor = rollcallInterceptor(`direct:///${server.address}`, { outcome: boom, kind: boom });
    t.after(() => interceptor.close());
    const dispatcher = new undici.Agent().compose(interceptor as never);
    const { statusCode, body } = await undici.request("http://order.http/", { dispatcher });
    await body.dump();
    assert.equal(statusCode, 200);
    await until(() => interceptor.stats().instances[0]!.inFlight === 0, "the request has ended");
  });
}
