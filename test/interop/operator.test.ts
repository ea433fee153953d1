import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseInstance, resumeInstance } from "../../src/backends/etcd/index.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { keepCalling, say } from "./echo.js";
import { fleet } from "./fleet.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };

test("a paused Node server has no calls of Go clients either, loses none, and gets them back", options, async (t) => {
  const { etcd, server, serverProcess, nodeClient, gozeroClient } = await fleet(t);
  const [go, node] = await Promise.all([serverProcess("go-zero"), server()]);
  const stopCalling = new AbortController();
  t.after(() => stopCalling.abort());
  const all = [keepCalling(await nodeClient(), stopCalling.signal), gozeroClient()];
  const settled = (...instances: string[]) => Promise.all(all.map((traffic) => traffic.settleOn(...instances)));
  await settled(go.address, node.address);

  const settings = { hosts: [etcd.endpoint] };
  const limit = AbortSignal.timeout(60_000);
  await pauseInstance(settings, "order.rpc", node.address, limit);
  await settled(go.address);
  await resumeInstance(settings, "order.rpc", node.address, limit);
  await settled(go.address, node.address);
  assert.deepEqual(
    all.map(({ failures }) => failures),
    [[], []],
  );
});

test("a weight moves the calls of Node clients; Go clients see nothing but an address", options, async (t) => {
  const { etcd, server, serverProcess, nodeClient, gozeroClient } = await fleet(t);
  const [go, node] = await Promise.all([serverProcess("go-zero"), server("Weight: 4\nZone: a\nMetadata: { x: y }")]);
  const listed = await etcdctl(etcd.endpoint, "get", "--prefix", "order.rpc/", "--print-value-only");
  assert.deepEqual(listed.trim().split(/\s+/).sort(), [go.address, node.address].sort());

  const client = await nodeClient();
  const counts = new Map<string, number>();
  // Long enough that what the two servers need beside it makes no difference.
  const ask = async () => {
    const { instance } = await say(client, { delayMs: 50 });
    counts.set(instance, (counts.get(instance) ?? 0) + 1);
  };
  for (let i = 0; i < 25; i++) await Promise.all(Array.from({ length: 16 }, ask));
  const [heavy, light] = [counts.get(node.address) ?? 0, counts.get(go.address) ?? 0];
  assert.ok(light > 0 && heavy > 1.5 * light, `${heavy} to ${light}`);

  const fromGo = gozeroClient();
  await fromGo.settleOn(go.address, node.address);
  assert.deepEqual(fromGo.failures, []);
});
