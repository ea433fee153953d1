import { createServer } from "nice-grpc";
import { registerInstance } from "rollcall";
import { OrderService } from "../../../examples/order/order.js";
import type { Served } from "./served.js";

export async function serve({ url, find }: Served): Promise<void> {
  const server = createServer();
  server.add(OrderService, { find });
  const port = await server.listen("127.0.0.1:0");
  await registerInstance(
    url,
    { port, host: "127.0.0.1" },
    { close: () => server.shutdown(), kill: () => server.forceShutdown() },
  );
}
