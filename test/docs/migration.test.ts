import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { createServer, type Server } from "rollcall";
import { type DevRegistry, startDevRegistry } from "rollcall/dev-registry";
import "rollcall/register";
import { find, OrderClient, type OrderHandlers, OrderService } from "../../examples/order/order.js";

const orders: OrderHandlers = {
  find: ({ request }, callback) => callback(null, { id: request.id, servedBy: server.address ?? "" }),
};
let registry: DevRegistry;
let server: Server;
before(async () => {
  registry = await startDevRegistry();
  server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    (s) => s.addService(OrderService, orders),
    { signals: false },
  );
  await server.start();
});
after(async () => {
  await server.stop();
  await registry.close();
});

async function servedUnder(key: string, layout = ""): Promise<string> {
  const url = `etcd:///${registry.endpoint}?key=${key}${layout}`;
  const client = new OrderClient(url, credentials.createInsecure());
  try {
    return (await find(client, "1")).servedBy;
  } finally {
    client.close();
  }
}

test("instances that other libraries have registered are found, as docs/migration.md says of their layouts", async () => {
  const address = server.address!;
  registry.put("plain.rpc/1", address);
  registry.put("naming.rpc/1", JSON.stringify({ Op: 0, Addr: address }));
  registry.put(`/slash.rpc/${address}`, address);
  registry.put(
    "/microservices/kratos.rpc/1",
    JSON.stringify({ id: "1", name: "kratos.rpc", endpoints: [`grpc://${address}`] }),
  );
  for (const key of ["plain.rpc", "naming.rpc", "/slash.rpc"]) assert.equal(await servedUnder(key), address);
  assert.equal(await servedUnder("kratos.rpc", "&layout=kratos"), address);
});

test("what is registered under a key that begins with a slash stands where a reader of that layout looks", async (t) => {
  const another = createServer(
    { ListenOn: "127.0.0.1:0", Etcd: { Hosts: [registry.endpoint], Key: "/ours.rpc" }, Shutdown: { WrapUpTime: 0 } },
    (s) => s.addService(OrderService, orders),
    { signals: false },
  );
  t.after(() => another.stop());
  await another.start();
  assert.deepEqual([...registry.list("/ours.rpc/").values()], [another.address]);
});

test("keys whose address is in their name alone are no instances: two keys are needed", async () => {
  const address = server.address!;
  registry.put(`old.rpc/${address}`, "");
  registry.put("v2/old.rpc/1", address);
  assert.equal(await servedUnder("v2/old.rpc"), address);
  const client = new OrderClient(`etcd:///${registry.endpoint}?key=old.rpc`, credentials.createInsecure());
  const failure = await new Promise<Error | null>((resolve) =>
    client.find({ id: "1" }, { deadline: Date.now() + 1_000 }, resolve),
  );
  client.close();
  assert.match(String(failure), /no instance of "old\.rpc" is listed/);
});
