import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { parseAddress } from "../../src/address.js";

/** A TCP proxy on 127.0.0.1 that can misbehave as networks do. */
export class TcpProxy implements AsyncDisposable {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #mode: "forward" | "refuse" | "swallow" = "forward";
  /** Connections taken so far. */
  accepted = 0;

  static async start(target: string): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpProxy(server, target);
  }

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
    this.endpoint = `127.0.0.1:${(server.address() as { port: number }).port}`;
    server.on("connection", (client) => this.#accept(client));
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Passes on what comes, from now on; what was swallowed is lost and its connections are closed. */
  forward(): void {
    if (this.#mode === "swallow") this.#closeAll();
    this.#mode = "forward";
  }

  /** Closes all connections and takes no new ones. */
  refuse(): void {
    this.#mode = "refuse";
    this.#closeAll();
  }

  /** Half-open: everything stays connected until a side closes it, and nothing is passed on any more. */
  swallow(): void {
    this.#mode = "swallow";
    // Read all the same: the end of what is not read is not heard either.
    for (const socket of this.#sockets) socket.unpipe().resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closeAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    if (this.#mode === "refuse") {
      client.destroy();
      return;
    }
    this.accepted += 1;
    const { host, port } = parseAddress(this.#target);
    const upstream = connect(port, host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      if (this.#mode === "forward") socket.pipe(other);
      else socket.resume();
    }
  }

  #closeAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
