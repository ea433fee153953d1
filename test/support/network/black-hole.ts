import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

export interface BlackHole {
  readonly address: string;
  /** Connections taken so far. */
  accepted(): number;
  /** Connections open now. */
  open(): number;
  stop(): void;
}

/** A port that accepts connections and never says a word, as a process that hangs or a wrong device does. */
export async function startBlackHole(port = 0): Promise<BlackHole> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => accepted,
    open: () => sockets.size,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
