// An instance of order.rpc: listed while it serves, gone from the list before it stops (SIGTERM, Ctrl-C).
import { createServer, loadConfig, rpcServerConfig } from "rollcall";
import { type OrderHandlers, OrderService } from "../order/order.js";

const config = await loadConfig("etc/order.yaml", rpcServerConfig);
const orders: OrderHandlers = {
  find: ({ request }, callback) => callback(null, { id: request.id, servedBy: server.address ?? "" }),
};
const server = createServer(config, (s) => s.addService(OrderService, orders));
await server.start();
