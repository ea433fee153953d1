// A server by bare grpc-js, with grpc.health.v1.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { registerInstance, ServerHealth } from "rollcall";
import { type OrderHandlers, OrderService } from "../order/order.js";

const orders: OrderHandlers = {
  find: ({ request }, callback) => callback(null, { id: request.id, servedBy: String(process.pid) }),
};
const server = new Server();
server.addService(OrderService, orders);
const health = new ServerHealth(["order.Order"]);
health.addTo(server);
const port = await new Promise<number>((resolve, reject) => {
  const address = `[::]:${process.env.PORT ?? 8080}`;
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});

await registerInstance(
  "etcd:///127.0.0.1:2379?key=order.rpc",
  { port },
  {
    health: (serving) => health.set(serving ? "SERVING" : "NOT_SERVING"),
    close: () => {
      health.endWatches();
      return new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    },
    kill: () => server.forceShutdown(),
  },
);
