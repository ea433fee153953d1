// A program that calls order.rpc.
import { setTimeout as pause } from "node:timers/promises";
import { createClient, loadConfig, rpcClientConfig } from "rollcall";
import { find, OrderClient } from "../order/order.js";

const config = await loadConfig("etc/shop.yaml", { OrderRpc: rpcClientConfig });
const orders = createClient(OrderClient, config.OrderRpc);

for (let id = 1; id <= 20; id++) {
  const { servedBy } = await find(orders, String(id));
  console.log(`order ${id} found by ${servedBy}`);
  await pause(50);
}
orders.close();
