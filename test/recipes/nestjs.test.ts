import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { Examples } from "../examples/example.js";
import { until } from "../support/until.js";

let registry: DevRegistry;
let examples: Examples;
before(async () => {
  registry = await startDevRegistry();
  examples = new Examples(registry.endpoint);
});
after(async () => {
  examples.remove();
  await registry.close();
});

test("docs/nestjs.md: the shop is listed, calls the service it finds, and leaves the list before it ends", async () => {
  const env = { POD_IP: "127.0.0.1", PORT: "0" };
  const order = examples.start("nestjs/order.ts", env);
  const shop = examples.start("nestjs/shop.ts", env);
  const listed = () => registry.list("order.rpc/").size === 1 && registry.list("shop.http/").size === 1;
  await until(listed, "both are listed", 60_000);
  const [address] = registry.list("shop.http/").values();

  const front = await fetch(`http://${address}/`);
  const { servedBy, order: found } = (await front.json()) as { servedBy: string; order: object };
  assert.deepEqual([servedBy, found], [String(shop.pid), { id: "1", servedBy: String(order.pid) }]);
  assert.equal((await fetch(`http://${address}/healthz`)).status, 204);

  const ended = Promise.all([once(order, "exit"), once(shop, "exit")]);
  shop.kill("SIGTERM");
  await until(() => registry.list("shop.http/").size === 0, "the shop is taken out");
  // It drains as soon as etcd has answered: who has not heard of it is answered, and a readiness check is told.
  const ready = async () => (await fetch(`http://${address}/healthz`)).status;
  await until(async () => (await ready()) === 503, "a readiness check is told");
  assert.equal((await fetch(`http://${address}/`)).status, 200);
  order.kill("SIGTERM");
  assert.deepEqual(await ended, [
    [null, "SIGTERM"],
    [null, "SIGTERM"],
  ]);
});
