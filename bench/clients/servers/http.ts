import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { registerInstance } from "rollcall";
import type { Served } from "./served.js";

export async function serve({ url, find }: Served): Promise<void> {
  const server = createServer(async ({ url: path = "" }, response) => {
    const found = await find({ id: path.slice("/orders/".length) });
    response.setHeader("content-type", "application/json").end(JSON.stringify(found));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await registerInstance(
    url,
    { port, host: "127.0.0.1" },
    {
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
      kill: () => server.closeAllConnections(),
    },
  );
}
