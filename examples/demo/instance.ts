// One instance of order.rpc in a process of its own. Its parent tells it when to start and how long a call takes.
import { createServer } from "rollcall";
import { type OrderHandlers, OrderService } from "../order/order.js";

export type Order = "start" | { readonly workMs: number };
export interface Report {
  readonly address: string;
}

const [registry = ""] = process.argv.slice(2);
let workMs = 8;

const orders: OrderHandlers = {
  find({ request }, callback) {
    const found = { id: request.id, servedBy: server.address ?? "" };
    setTimeout(() => callback(null, found), workMs * (0.5 + Math.random()));
  },
};
const server = createServer(
  { Name: "order.rpc", ListenOn: "127.0.0.1:0", Etcd: { Hosts: [registry], Key: "order.rpc" } },
  (s) => s.addService(OrderService, orders),
);

process.on("message", async (order: Order) => {
  if (order !== "start") {
    workMs = order.workMs;
    return;
  }
  await server.start();
  process.send!({ address: server.address! } satisfies Report);
});
// Without its parent there is no demo.
process.on("disconnect", () => process.exit());
