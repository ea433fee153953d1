import assert from "node:assert/strict";
import { test } from "node:test";
import { setLogLevel } from "rollcall";
import { startDevRegistry } from "rollcall/dev-registry";
import { orderServer, Shop } from "./order.cjs";

setLogLevel("error");

test("an order is found", async (t) => {
  const registry = await startDevRegistry();
  const Etcd = { Hosts: [registry.endpoint], Key: "order.rpc" };
  const server = orderServer({ ListenOn: "127.0.0.1:0", Etcd, Shutdown: { WrapUpTime: 0 } });
  await server.start();
  const shop = new Shop({ Etcd, Timeout: 10_000 });
  t.after(async () => {
    shop.close();
    await server.stop();
    await registry.close();
  });

  assert.deepEqual(await shop.find("7"), { id: "7" });
});

test("without a registry: fixed addresses", async (t) => {
  const server = orderServer({ ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } });
  await server.start();
  const shop = new Shop({ Endpoints: [server.address], Timeout: 10_000 });
  t.after(async () => {
    shop.close();
    await server.stop();
  });

  assert.deepEqual(await shop.find("8"), { id: "8" });
});
