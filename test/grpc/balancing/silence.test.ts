import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/grpc/client/client.js";
import { setLogger } from "../../../src/log.js";
import { EchoClient, say, startBareEcho, tally } from "../../support/echo.js";
import { startBlackHole } from "../../support/network/black-hole.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { until } from "../../support/until.js";

const open: { close(): unknown }[] = [];
after(async () => {
  for (const one of open) await one.close();
});

async function behindProxy() {
  const { address, server } = await startBareEcho();
  const proxy = new SilentProxy(Number(address.split(":")[1]));
  await proxy.start();
  open.push({ close: () => server.forceShutdown() }, { close: () => proxy.stop() });
  return { instance: address, address: `127.0.0.1:${proxy.port}`, proxy };
}

const patience = () => ({ deadline: Date.now() + 20_000 });

/** Of tests whose calls would hang for minutes if nobody ended them. */
const LIMIT = { timeout: 120_000 };

const warnings: string[] = [];
const silent = () => {};
setLogger({ debug: silent, info: silent, error: silent, warn: (_facts, message) => warnings.push(message) });

test("a connection that falls silent without closing is replaced, and its instance used again", async () => {
  const { address, instance, proxy } = await behindProxy();
  const client = createClient(EchoClient, { Endpoints: [address], Timeout: 200 });
  open.push(client);
  assert.equal((await say(client, {}, patience())).instance, instance);
  // New connections work: the route is back, or another host has the address. TCP would find out in a quarter of an hour.
  proxy.silence();
  await assert.rejects(say(client), { code: grpc.status.DEADLINE_EXCEEDED });
  await until(async () => (await say(client).catch(() => undefined))?.instance === instance, "it is reached again");
  assert.deepEqual(warnings.splice(0), ["no answer to a probe for 2000 ms: connecting anew"]);
});

test("a call that times out on a connection that lives costs no connection", async () => {
  const { address, proxy } = await behindProxy();
  const client = createClient(EchoClient, { Endpoints: [address], Timeout: 100 });
  open.push(client);
  await say(client, {}, patience());
  for (let call = 0; call < 5; call++) {
    await assert.rejects(say(client, { delayMs: 1_000 }), { code: grpc.status.DEADLINE_EXCEEDED });
  }
  // Longer than a silence is borne: no health service is an answer like any other.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await say(client, {}, patience());
  assert.equal(proxy.accepted, 1);
  assert.deepEqual(warnings, []);
});

/** Resolves with how a call ended. */
function ended(
  call: grpc.ClientReadableStream<unknown> | grpc.ClientDuplexStream<unknown, unknown>,
): Promise<grpc.ServiceError | undefined> {
  return new Promise((resolve) => {
    call.on("data", () => {});
    call.on("error", (error: grpc.ServiceError) => resolve(error));
    call.on("end", () => resolve(undefined));
  });
}

test(
  "calls and streams without a deadline on a host that has vanished end with UNAVAILABLE, and the next ones work",
  LIMIT,
  async (t) => {
    const { address, instance, proxy } = await behindProxy();
    const client = createClient(EchoClient, { Endpoints: [address], Timeout: 0 });
    const plain = new EchoClient(address, grpc.credentials.createInsecure());
    open.push(client, plain);
    await say(client, {}, patience());
    await say(plain, {}, patience());
    const stream = ended(client.count({ count: Number.POSITIVE_INFINITY }));
    const chat = ended(client.chat());
    const unary = say(client, { delayMs: 60_000 });
    const alone = say(plain, { delayMs: 60_000 }).then(
      () => "answered",
      () => "failed",
    );
    await until(() => proxy.passed > 100, "the streams have begun");
    const began = performance.now();
    proxy.silence();
    await assert.rejects(unary, (error: grpc.ServiceError) => {
      assert.equal(error.code, grpc.status.UNAVAILABLE);
      assert.match(error.details, /no answer to a probe for 2000 ms/);
      return true;
    });
    assert.equal((await stream)?.code, grpc.status.UNAVAILABLE);
    assert.equal((await chat)?.code, grpc.status.UNAVAILABLE);
    t.diagnostic(`ended after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(await Promise.race([alone, "hangs"]), "hangs", "with grpc-js alone it hangs on");
    assert.equal((await say(client, {}, patience())).instance, instance);
    warnings.splice(0);
  },
);

test("a host that is silent for a while and comes back keeps its calls", async () => {
  const { address, instance, proxy } = await behindProxy();
  const client = createClient(EchoClient, { Endpoints: [address], Timeout: 0 });
  open.push(client);
  await say(client, {}, patience());
  const running = say(client, { delayMs: 3_000 });
  await until(() => proxy.passed > 100, "the call has begun");
  proxy.hold();
  await until(() => warnings.length > 0, "it is found silent");
  proxy.release();
  assert.equal((await running).instance, instance);
  warnings.splice(0);
});

test("how long the calls on a silent host are left to themselves is what silentCallGrace says", LIMIT, async () => {
  const [patient, usual] = await Promise.all([behindProxy(), behindProxy()]);
  const config = { loadBalancingConfig: [{ p2c_ewma: { silentCallGrace: "600s" } }] };
  const clients = [
    new EchoClient(`direct:///${patient.address}`, grpc.credentials.createInsecure(), {
      "grpc.service_config": JSON.stringify(config),
    }),
    createClient(EchoClient, { Endpoints: [usual.address], Timeout: 0 }),
  ] as const;
  open.push(...clients);
  for (const client of clients) await say(client, {}, patience());
  // The patient one's call is silent first, so that it would also end first.
  let ended = false;
  say(clients[0], { delayMs: 600_000 }, { deadline: Number.POSITIVE_INFINITY }).catch(() => {
    ended = true;
  });
  await until(() => patient.proxy.passed > 100, "the call has begun");
  patient.proxy.silence();
  const other = say(clients[1], { delayMs: 600_000 });
  await until(() => usual.proxy.passed > 100, "the other has begun");
  usual.proxy.silence();
  await assert.rejects(other, { code: grpc.status.UNAVAILABLE });
  assert.equal(ended, false);
  warnings.splice(0);
});

test("a quiet stream on a host that lives is not touched", async () => {
  const { address, proxy } = await behindProxy();
  const client = createClient(EchoClient, { Endpoints: [address], Timeout: 0 });
  open.push(client);
  const chat = client.chat();
  const how = ended(chat);
  await until(() => proxy.passed > 100, "the stream has begun");
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  chat.end();
  assert.equal(await how, undefined);
  assert.equal(proxy.accepted, 1);
  assert.deepEqual(warnings, []);
});

test("after an idle time a call goes where the way is known to be open, and none fails of those flows that a firewall has dropped", async (t) => {
  const servers = await Promise.all([behindProxy(), behindProxy(), behindProxy()]);
  const client = createClient(EchoClient, { Endpoints: servers.map(({ address }) => address), Timeout: 1_500 });
  open.push(client);
  await until(async () => (await tally(client, 20, 5)).size === 3, "all are used");
  for (const { proxy } of servers.slice(0, 2)) proxy.silence();
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  const began = performance.now();
  assert.equal((await say(client)).instance, servers[2]!.instance, "the first call");
  for (const instance of (await tally(client, 29)).keys()) {
    const { proxy } = servers.find((one) => one.instance === instance)!;
    assert.ok(proxy === servers[2]!.proxy || proxy.accepted > 1, "or one that is connected anew, on a busy machine");
  }
  t.diagnostic(`30 calls after the idle time took ${(performance.now() - began).toFixed(0)} ms`);
  await until(async () => (await tally(client, 20, 5)).size === 3, "the others are connected anew");
  warnings.splice(0);
});

test("where nobody answers a dial, calls without a deadline fail with the reason; one that answers again is used", {
  timeout: 60_000,
}, async (t) => {
  const hole = await startBlackHole();
  open.push({ close: () => hole.stop() });
  const client = createClient(EchoClient, { Endpoints: [hole.address], Timeout: 0 });
  open.push(client);
  const waiting = say(client, {}, { deadline: Number.POSITIVE_INFINITY });
  await assert.rejects(waiting, (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.UNAVAILABLE);
    assert.match(error.details, /nobody answered within 10000 ms/);
    return true;
  });
  const began = performance.now();
  for (let i = 0; i < 5; i++) await assert.rejects(say(client), { code: grpc.status.UNAVAILABLE });
  t.diagnostic(`five more calls failed within ${(performance.now() - began).toFixed(0)} ms`);
  assert.ok(hole.open() <= 2, `${hole.open()} connections are open to it`);
  const port = Number(hole.address.split(":")[1]);
  hole.stop();
  const fresh = await startBareEcho(port);
  open.push({ close: fresh.stop });
  await until(async () => (await say(client).catch(() => undefined)) !== undefined, "it is called");
});
