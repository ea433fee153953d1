import { createServer } from "node:net";

/**
 * A port of 127.0.0.1 that is free now and, unlike one the kernel hands out, never taken by an outgoing connection:
 * it lies under the ephemeral range, so a process that stops can count on getting it again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}
