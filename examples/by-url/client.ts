// A bare grpc-js client: one import and a URL balance it over all instances of order.rpc.
import { setTimeout as pause } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import "rollcall/register";
import { find, OrderClient } from "../order/order.js";

const orders = new OrderClient("etcd:///127.0.0.1:2379?key=order.rpc", credentials.createInsecure());

for (let id = 1; id <= 20; id++) {
  const { servedBy } = await find(orders, String(id));
  console.log(`order ${id} found by ${servedBy}`);
  await pause(50);
}
orders.close();
