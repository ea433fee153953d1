import { createServer } from "rollcall";
import { type OrderHandlers, OrderService } from "../../../examples/order/order.js";
import type { Served } from "./served.js";

export async function serve({ etcd, key, find }: Served): Promise<void> {
  const orders: OrderHandlers = {
    find: ({ request }, callback) => void find(request).then((found) => callback(null, found)),
  };
  const config = { ListenOn: "127.0.0.1:0", Etcd: { Hosts: [etcd], Key: key } };
  await createServer(config, (server) => server.addService(OrderService, orders)).start();
}
