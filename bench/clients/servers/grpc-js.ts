import { Server, ServerCredentials } from "@grpc/grpc-js";
import { registerInstance, ServerHealth } from "rollcall";
import { type OrderHandlers, OrderService } from "../../../examples/order/order.js";
import type { Served } from "./served.js";

export async function serve({ url, find }: Served): Promise<void> {
  const orders: OrderHandlers = {
    find: ({ request }, callback) => void find(request).then((found) => callback(null, found)),
  };
  const server = new Server();
  server.addService(OrderService, orders);
  const health = new ServerHealth(["order.Order"]);
  health.addTo(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  await registerInstance(
    url,
    { port, host: "127.0.0.1" },
    {
      health: (serving) => health.set(serving ? "SERVING" : "NOT_SERVING"),
      close: () => {
        health.endWatches();
        return new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      },
      kill: () => server.forceShutdown(),
    },
  );
}
