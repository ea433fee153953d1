const { setLogLevel } = require("rollcall");
const { startDevRegistry } = require("rollcall/dev-registry");
const { orderServer, Shop } = require("./order.cjs");

let registry, server, shop;
beforeAll(async () => {
  setLogLevel("error");
  registry = await startDevRegistry();
  const Etcd = { Hosts: [registry.endpoint], Key: "order.rpc" };
  server = orderServer({ ListenOn: "127.0.0.1:0", Etcd, Shutdown: { WrapUpTime: 0 } });
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
