import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../src/grpc/client/client.js";
import { setLogger } from "../../src/log.js";
import { EchoClient, say, startBareEcho } from "../support/echo.js";
import { SilentProxy } from "../support/silent-proxy.js";
import { until } from "../support/until.js";

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
