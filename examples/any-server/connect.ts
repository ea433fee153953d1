// A server by Connect, over HTTP/2 without TLS: it answers the Connect protocol, gRPC and gRPC-Web.
import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { registerInstance } from "rollcall";
import { Order } from "../order/order-schema.js";

const server = createServer(
  connectNodeAdapter({
    routes: (router) => router.service(Order, { find: ({ id }) => ({ id, servedBy: String(process.pid) }) }),
  }),
);
const sessions = new Set<ServerHttp2Session>();
server.on("session", (session) => {
  sessions.add(session);
  session.once("close", () => sessions.delete(session));
});
server.listen(Number(process.env.PORT ?? 8080));
await once(server, "listening");

const { port } = server.address() as AddressInfo;
await registerInstance(
  "etcd:///127.0.0.1:2379?key=order.rpc",
  { port },
  {
    close: () => {
      // GOAWAY: calls under way end, and no new ones begin.
      for (const session of sessions) session.close();
      server.close();
      return server;
    },
    kill: () => {
      for (const session of sessions) session.destroy();
    },
  },
);
