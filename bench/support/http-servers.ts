/**
 * A process with HTTP servers, forked by benchmarks so that servers and client do not share an event loop: arguments are each
 * server's delay in milliseconds. Each speaks HTTP/1.1 on one port and Connect over HTTP/2 on another. Sends its parent the
 * addresses and ends with it.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Order } from "../../examples/order/order-schema.js";

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(delayMs: number): Promise<{ http: string; connect: string }> {
  const rest = () => new Promise<void>((resolve) => (delayMs > 0 ? setTimeout(resolve, delayMs) : resolve()));
  const http = createServer(async (_request, response) => {
    if (delayMs > 0) await rest();
    response.end("ok");
  });
  http.keepAliveTimeout = 60_000;
  const adapter = connectNodeAdapter({
    routes: (router) =>
      router.service(Order, {
        find: async ({ id }) => {
          if (delayMs > 0) await rest();
          return { id, servedBy: "bench" };
        },
      }),
  });
  return { http: await listen(http), connect: await listen(createHttp2Server(adapter)) };
}

process.on("disconnect", () => process.exit());
process.send!(await Promise.all(process.argv.slice(2).map((delay) => start(Number(delay)))));
