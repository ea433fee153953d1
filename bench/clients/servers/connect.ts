import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { registerInstance } from "rollcall";
import { Order } from "../../../examples/order/order-schema.js";
import type { Served } from "./served.js";

export async function serve({ url, find }: Served): Promise<void> {
  const server = createServer(connectNodeAdapter({ routes: (router) => router.service(Order, { find }) }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await registerInstance(
    url,
    { port, host: "127.0.0.1" },
    {
      close: () => {
        for (const session of sessions) session.close();
        return server.close();
      },
      kill: () => {
        for (const session of sessions) session.destroy();
      },
    },
  );
}
