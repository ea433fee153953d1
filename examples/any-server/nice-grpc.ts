// A server by nice-grpc.
import { createServer } from "nice-grpc";
import { registerInstance } from "rollcall";
import { type FindRequest, OrderService } from "../order/order.js";

const server = createServer();
server.add(OrderService, {
  find: async ({ id }: FindRequest) => ({ id, servedBy: String(process.pid) }),
});
const port = await server.listen(`[::]:${process.env.PORT ?? 8080}`);

await registerInstance(
  "etcd:///127.0.0.1:2379?key=order.rpc",
  { port },
  {
    close: () => server.shutdown(),
    kill: () => server.forceShutdown(),
  },
);
