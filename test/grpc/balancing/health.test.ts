import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/index.js";
import { type HealthCheckResponse, HealthCheckResponse_ServingStatus as Status } from "../../../src/proto/health.js";
import { EchoClient, say, tally } from "../../support/echo.js";
import { startHealthServer } from "../../support/real-parts/health-server.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

type WatchCall = grpc.ServerWritableStream<unknown, HealthCheckResponse>;

async function serverThat(t: TestContext, watch: (call: WatchCall) => void, options?: grpc.ServerOptions) {
  const server = await startHealthServer(watch, options);
  t.after(() => server.stop());
  return server;
}

/** A server by HTTP/2 itself: one that no gRPC library stands behind. */
async function startRawHttp2(
  t: TestContext,
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<{ address: string; connections(): number }> {
  let connections = 0;
  const server = createServer();
  server.on("session", (session: ServerHttp2Session) => {
    connections += 1;
    session.on("error", () => {});
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    serve(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

function answerEcho(stream: ServerHttp2Stream, instance: string): void {
  const reply = Buffer.from(JSON.stringify({ instance }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(reply.length, 1);
  stream.resume();
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([head, reply]));
}

/** Calls as our client and as grpc-js alone makes them. */
async function callBoth(t: TestContext, address: string, calls = 3) {
  const ours = createClient(EchoClient, { Endpoints: [address], Timeout: 5_000 });
  const plain = new EchoClient(address, grpc.credentials.createInsecure());
  t.after(() => {
    ours.close();
    plain.close();
  });
  for (let i = 0; i < calls; i++) {
    assert.deepEqual(await say(ours), await say(plain, {}, { deadline: Date.now() + 5_000 }));
  }
  return ours;
}

const ends = Object.entries(grpc.status).filter(([, code]) => typeof code === "number" && code !== 0);

for (const [name, code] of ends as [string, grpc.status][]) {
  test(`an instance whose health Watch ends with ${name} is called, as by grpc-js alone`, async (t) => {
    const warnings = gatherWarnings();
    const server = await serverThat(t, (call) => call.emit("error", { code, details: "no health for you" }));
    await callBoth(t, server.address);
    assert.ok(warnings.length <= 1, "one line at most");
    if (warnings[0])
      assert.match(warnings[0].message, /instances do not tell their health \(.*\): they are called all the same/);
  });
}

for (const [what, watch] of [
  ["never answers", () => {}],
  ["ends at once without a word", (call) => call.end()],
  ["says SERVICE_UNKNOWN", (call) => call.write({ status: Status.SERVICE_UNKNOWN })],
  ["says UNKNOWN", (call) => call.write({ status: Status.UNKNOWN })],
] as [string, (call: WatchCall) => void][]) {
  test(`an instance whose health Watch ${what} is called, as by grpc-js alone, and that is said once`, async (t) => {
    const warnings = gatherWarnings();
    const server = await serverThat(t, watch);
    await callBoth(t, server.address);
    await until(() => warnings.length > 0, "it is said");
    await callBoth(t, server.address);
    assert.match(warnings[0]!.message, /instances do not tell their health/);
  });
}

for (const [what, end] of [
  ["hangs up", (stream) => stream.session?.destroy()],
  ["says GOAWAY", (stream) => stream.session?.close()],
] as [string, (stream: ServerHttp2Stream) => void][]) {
  test(`an instance that ${what} when it is asked for its health is called, as by grpc-js alone`, async (t) => {
    const server = await startRawHttp2(t, (stream, headers) => {
      if (/Health/.test(String(headers[":path"]))) end(stream);
      else answerEcho(stream, "raw");
    });
    const warnings = gatherWarnings();
    const ours = await callBoth(t, server.address);
    assert.deepEqual(await tally(ours, 20), new Map([["raw", 20]]));
    assert.equal(warnings.filter(({ message }) => /end when it is asked/.test(message)).length, 1);
    assert.ok(server.connections() < 10, `${server.connections()} connections`);
  });
}

test("a Watch that was refused is asked again, and what it says then counts", async (t) => {
  let refused = false;
  const server = await serverThat(t, (call) => {
    if (refused) call.write({ status: Status.NOT_SERVING });
    else call.emit("error", { code: grpc.status.UNKNOWN, details: "not yet" });
    refused = true;
  });
  const warnings = gatherWarnings();
  await callBoth(t, server.address);
  await until(
    () => warnings.some(({ message }) => /says that it serves/.test(message)),
    "it is heard to be NOT_SERVING",
  );
});

test("a service name of gRPC's healthCheckConfig is the one asked for, and the policy's own goes before it", async (t) => {
  const server = await serverThat(t, (call) => call.write({ status: Status.SERVING }));
  const clientWith = (config: object) => {
    const client = new EchoClient(`direct:///${server.address}`, grpc.credentials.createInsecure(), {
      "grpc.service_config": JSON.stringify(config),
    });
    t.after(() => client.close());
    return client;
  };
  const healthCheckConfig = { serviceName: "test.Echo" };
  await say(clientWith({ healthCheckConfig }));
  assert.deepEqual(server.asked.splice(0), ["test.Echo"]);
  await say(clientWith({ healthCheckConfig, loadBalancingConfig: [{ p2c_ewma: { zone: "a" } }] }));
  assert.deepEqual(server.asked.splice(0), ["test.Echo"]);
  await say(clientWith({ healthCheckConfig, loadBalancingConfig: [{ p2c_ewma: { healthService: "own" } }] }));
  assert.deepEqual(server.asked.splice(0), ["own"]);
  await say(clientWith({}));
  assert.deepEqual(server.asked.splice(0), [""]);
});

test("a server that allows one stream at a time has it free for calls, as with grpc-js alone", async (t) => {
  const warnings = gatherWarnings();
  const server = await serverThat(t, (call) => call.write({ status: Status.SERVING }), {
    "grpc.max_concurrent_streams": 1,
  });
  await callBoth(t, server.address, 10);
  assert.deepEqual(server.asked, []);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!.message, /the server allows 1 calls at a time/);
});

test("the Watches of many channels that share a connection leave streams for their calls, and one that had none gets one later", async (t) => {
  const warnings = gatherWarnings();
  let watches = 0;
  const watch = (call: WatchCall) => {
    watches += 1;
    call.on("cancelled", () => {
      watches -= 1;
    });
    call.write({ status: Status.SERVING });
  };
  const server = await serverThat(t, watch, { "grpc.max_concurrent_streams": 12 });
  const clients = Array.from({ length: 12 }, () =>
    createClient(EchoClient, { Endpoints: [server.address], Timeout: 0 }),
  );
  t.after(() => {
    for (const client of clients) client.close();
  });
  for (const answers of await Promise.all(clients.map((client) => tally(client, 3)))) {
    assert.deepEqual(answers, new Map([[server.address, 3]]));
  }
  assert.ok(watches <= 6, `${watches} Watches`);
  assert.match(warnings[0]!.message, /allows 12 calls at a time, and other channels .* have their health Watches/);
  for (const client of clients.slice(0, -1)) client.close();
  await until(() => watches === 1, "the one that is left watches");
});

test("a call that keeps the only stream busy is no sign of death", async (t) => {
  const single = await serverThat(t, () => {}, { "grpc.max_concurrent_streams": 1 });
  const ours = createClient(EchoClient, { Endpoints: [single.address], Timeout: 0 });
  t.after(() => ours.close());
  const warnings = gatherWarnings();
  // Longer than a silence is borne and a probe is waited for.
  assert.equal((await say(ours, { delayMs: 5_000 })).instance, single.address);
  assert.deepEqual(
    warnings.filter(({ message }) => /no answer to a probe/.test(message)),
    [],
  );
});
