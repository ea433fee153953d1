// An HTTP service by Fastify.
import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { registerInstance } from "rollcall";

let serving = false;
const app = fastify();
app.addHook("onSend", async (_request, reply) => {
  // While it drains, a connection ends with the answer to the request that it brought.
  if (!serving) reply.header("connection", "close");
});
app.get("/", async () => ({ servedBy: String(process.pid) }));
app.get("/healthz", async (_request, reply) => reply.code(serving ? 200 : 503).send());
await app.listen({ host: "::", port: Number(process.env.PORT ?? 8080) });

const { port } = app.server.address() as AddressInfo;
await registerInstance(
  "etcd:///127.0.0.1:2379?key=order.http",
  { port },
  {
    health: (now) => {
      serving = now;
    },
    close: () => app.close(),
    kill: () => app.server.closeAllConnections(),
  },
);
