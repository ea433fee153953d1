import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { context, propagation, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { until } from "../support/until.js";
import { goNameOf, say } from "./echo.js";
import { fleet } from "./fleet.js";
import { detailsOf } from "./status-details.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

test("metadata arrives on the other side, binary values too", options, async (t) => {
  const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
  const go = await serverProcess("go-zero");
  const sent = new grpc.Metadata();
  sent.set("x-user-id", "7");
  sent.set("x-blob-bin", Buffer.from([1, 200, 255]));
  const { metadata } = await say(await nodeClient(), {}, sent);
  assert.equal(metadata["x-user-id"], "7");
  assert.equal(metadata["x-blob-bin"], Buffer.from([1, 200, 255]).toString("base64"));
  await go.stop();

  await server();
  const { reply } = await gozeroClient("", "-metadata", "x-user-id=8", "-metadata", "x-blob-bin=\x01~").next();
  const arrived = reply?.metadata as Record<string, string> | undefined;
  assert.equal(arrived?.["x-user-id"], "8");
  assert.equal(arrived?.["x-blob-bin"], Buffer.from("\x01~").toString("base64"));
});

test("a status keeps its code, message and details on its way to the other side", options, async (t) => {
  const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
  const go = await serverProcess("go-zero", "Middlewares: { Breaker: false }");
  const client = await nodeClient();
  const codes = Object.values(grpc.status).filter((code) => typeof code === "number" && code !== grpc.status.OK);
  assert.equal(codes.length, 16);
  for (const code of codes as grpc.status[]) {
    await assert.rejects(say(client, { code, text: "as asked" }), (error: grpc.ServiceError) => {
      assert.deepEqual([error.code, error.details], [code, "as asked"]);
      const info = { reason: "ASKED", domain: "interop", metadata: { text: "as asked" } };
      assert.deepEqual(detailsOf(error), info);
      return true;
    });
  }
  await go.stop();

  await server();
  for (const code of [grpc.status.FAILED_PRECONDITION, grpc.status.DATA_LOSS]) {
    const request = JSON.stringify({ code, text: "as asked" });
    const failed = await gozeroClient("Middlewares: { Breaker: false }", "-request", request).next();
    assert.equal(failed.code, goNameOf(code));
    assert.equal(failed.details?.length, 1);
    assert.deepEqual(failed.details?.[0]?.metadata, { text: "as asked" });
  }
});

test("a handler that crashes is INTERNAL to the other side, and its server goes on", options, async (t) => {
  const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
  const go = await serverProcess("go-zero");
  const client = await nodeClient();
  await assert.rejects(say(client, { crash: true }), { code: grpc.status.INTERNAL, details: /^panic/ });
  assert.equal((await say(client)).instance, go.address);
  await go.stop();

  const { address } = await server();
  assert.equal((await gozeroClient("", "-request", '{"crash":true}').next()).code, "Internal");
  // A program of its own, whose two seconds may pass on a starved machine.
  await until(async () => (await gozeroClient().next()).instance === address, "its server goes on");
});

test("a deadline of the caller's own reaches the other side", options, async (t) => {
  const { serverProcess, nodeClient } = await fleet(t);
  await serverProcess("go-zero", "Timeout: 0");
  const { deadlineMs } = await say(await nodeClient("Timeout: 60000"), {}, new grpc.Metadata(), {
    deadline: Date.now() + 7_000,
  });
  assert.ok(deadlineMs > 1_000 && deadlineMs <= 7_000, `${deadlineMs} ms`);
});

/** Longer than the test may take: a stop that waited for a call would never end. */
const PATIENT = "Timeout: 0\nShutdown: { WrapUpTime: 100ms, WaitTime: 600s }";

test(
  "a call that the caller has given up is over on the other side: a stop does not wait for it",
  options,
  async (t) => {
    const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
    const go = await serverProcess("go-zero", PATIENT);
    const stream = (await nodeClient()).listen({});
    await once(stream, "data");
    const ended = once(stream, "error");
    stream.cancel();
    assert.equal(((await ended)[0] as grpc.ServiceError).code, grpc.status.CANCELLED);
    await go.stop();

    const node = await server(PATIENT);
    const late = await gozeroClient("Timeout: 300", "-calls", "1", "-delay", "600000").next();
    assert.equal(late.code, "DeadlineExceeded");
    await node.stop();
  },
);

test(
  "MethodTimeouts: 0s is no limit, and they count beside Timeout: 0; both are otherwise with go-zero",
  options,
  async (t) => {
    const { serverProcess, server, nodeClient } = await fleet(t);
    const client = await nodeClient("Timeout: 60000");
    const unlimited = "MethodTimeouts: [{ FullMethod: /rollcall.interop.v1.Echo/Say, Timeout: 0s }]";
    const limited = "Timeout: 0\nMethodTimeouts: [{ FullMethod: /rollcall.interop.v1.Echo/Say, Timeout: 100ms }]";

    const go1 = await serverProcess("go-zero", unlimited);
    // It is listed before it listens.
    const code = () => say(client).catch((error: grpc.ServiceError) => error.code);
    await until(async () => (await code()) !== grpc.status.UNAVAILABLE, "the Go server listens");
    assert.equal(await code(), grpc.status.DEADLINE_EXCEEDED);
    await go1.stop();
    const go2 = await serverProcess("go-zero", limited);
    await reached(client, go2.address);
    assert.equal((await say(client, { delayMs: 300 })).instance, go2.address);
    await go2.stop();

    const node1 = await server(unlimited);
    await reached(client, node1.address);
    await node1.stop();
    const node2 = await server(limited);
    await reached(client, node2.address);
    await assert.rejects(say(client, { delayMs: 60_000 }), { code: grpc.status.DEADLINE_EXCEEDED });
  },
);

/** The instance before has stopped: until the client is told of this one, its calls fail. */
async function reached(client: Parameters<typeof say>[0], address: string): Promise<void> {
  const answerer = () => say(client).catch(() => undefined);
  await until(async () => (await answerer())?.instance === address, `${address} is called`);
}

test("a stream outlives the Timeout of either side, whichever side serves it", options, async (t) => {
  const { serverProcess, server, nodeClient } = await fleet(t);
  const client = await nodeClient("Timeout: 300");
  for (const start of [() => serverProcess("go-zero", "Timeout: 300"), () => server("Timeout: 300")]) {
    const member = await start();
    await reached(client, member.address);
    const stream = client.listen({ delayMs: 50 });
    stream.on("error", () => {});
    for (let answers = 0; answers < 12; answers++) await once(stream, "data");
    stream.cancel();
    await member.stop();
  }
});

test("a trace and its baggage go on at the other side", options, async (t) => {
  const provider = new NodeTracerProvider();
  provider.register();
  t.after(() => provider.shutdown());
  const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
  const go = await serverProcess("go-zero");
  const client = await nodeClient();
  const bag = propagation.createBaggage({ tenant: { value: "blue" } });
  const inside = propagation.setBaggage(context.active(), bag);
  const span = provider.getTracer("test").startSpan("request", {}, inside);
  const reply = await context.with(trace.setSpan(inside, span), () => say(client));
  assert.equal(reply.traceId, span.spanContext().traceId);
  assert.equal(reply.baggage, "tenant=blue");
  span.end();
  await go.stop();

  await server();
  const fromGo = await gozeroClient("", "-traceparent", TRACEPARENT, "-baggage", "tenant=green").next();
  assert.equal(fromGo.reply?.traceId, TRACE);
  assert.equal(fromGo.reply?.baggage, "tenant=green");
});
