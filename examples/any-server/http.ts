// An HTTP service by node:http: listed while it serves, gone from the list before it stops (SIGTERM, Ctrl-C).
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { registerInstance } from "rollcall";

let serving = false;
const server = createServer((request, response) => {
  if (request.url === "/healthz") response.statusCode = serving ? 200 : 503;
  // A connection that is kept alive would go on bringing requests; while the server drains it ends with this answer.
  if (!serving) response.setHeader("connection", "close");
  response.end(JSON.stringify({ servedBy: String(process.pid) }));
});
server.listen(Number(process.env.PORT ?? 8080));
await once(server, "listening");

const { port } = server.address() as AddressInfo;
await registerInstance(
  "etcd:///127.0.0.1:2379?key=order.http",
  { port },
  {
    health: (now) => {
      serving = now;
    },
    close: () => server.close(),
    kill: () => server.closeAllConnections(),
  },
);
