import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { parseAddress } from "../../src/index.js";

/** A way to etcd over which only so many bytes a second come back, together. */
export class SlowLink implements AsyncDisposable {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #bytesPerMs: number;
  readonly #sockets = new Set<Socket>();
  /** When the link is free again, on the clock of performance.now(). */
  #freeAt = 0;

  static async start(target: string, bytesPerSecond: number): Promise<SlowLink> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SlowLink(server, target, bytesPerSecond);
  }

  private constructor(server: Server, target: string, bytesPerSecond: number) {
    this.#server = server;
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.endpoint = `127.0.0.1:${(server.address() as { port: number }).port}`;
    server.on("connection", (client) => {
      const { host, port } = parseAddress(target);
      const upstream = connect({ host, port });
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream);
      void this.#passOn(upstream, client).catch(() => {});
    });
  }

  async #passOn(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from) {
      const now = performance.now();
      this.#freeAt = Math.max(now, this.#freeAt) + (chunk as Buffer).length / this.#bytesPerMs;
      if (this.#freeAt - now > 2) await pause(this.#freeAt - now);
      if (!to.write(chunk)) await once(to, "drain");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
