import { setLogLevel } from "rollcall";
import { startDevRegistry } from "rollcall/dev-registry";
import { afterAll, beforeAll, expect, test } from "vitest";
import { orderServer, Shop } from "./order.cjs";

let registry, server, shop;
beforeAll(async () => {
  setLogLevel("error");
  registry = await startDevRegistry(); // etcd in memory, on a free port
  const Etcd = { Hosts: [registry.endpoint], Key: "order.rpc" };
  // A free port of this machine alone; no drain, for no other client is to be told.
  const config = { ListenOn: "127.0.0.1:0", Etcd, Shutdown: { WrapUpTime: 0 } };
  server = orderServer(config);
  await server.start();
  shop = new Shop({ Etcd, Timeout: 10_000 });
});
afterAll(async () => {
  shop.close();
  await server.stop();
  await registry.close();
});

test("an order is found", async () => {
  expect(await shop.find("7")).toEqual({ id: "7" });
});

test("the registry may go away", async () => {
  registry.faults.dropConnections();
  await registry.faults.refuse(true);
  expect(await shop.find("8")).toEqual({ id: "8" });
  await registry.faults.refuse(false);
});
