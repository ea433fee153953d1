import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * Passes TCP connections on to the gRPC server, so that faults of the network can be had without the server's knowledge:
 * connections cut or refused, and connections that stay open while nothing passes ("half-open").
 */
export class FaultProxy {
  readonly #targetPort: number;
  readonly #pairs = new Map<Socket, Socket>();
  #listener: Server | undefined;
  #host = "";
  #port = 0;
  #frozen = false;

  /** @param targetPort on 127.0.0.1. */
  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  get port(): number {
    return this.#port;
  }

  /** Port 0: a free one, which is kept from then on. Rejects when the port is taken. */
  async listen(host: string, port: number): Promise<void> {
    this.#host = host;
    const listener = createServer({ noDelay: true }, (client) => this.#accept(client));
    listener.listen(port, host);
    await once(listener, "listening");
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const [client, server] of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Stops listening, and cuts every connection; or listens again on the same port. */
  async refuse(on: boolean): Promise<void> {
    const listener = this.#listener;
    if (on && listener) {
      this.#listener = undefined;
      this.cut();
      await new Promise((resolve) => listener.close(resolve));
    } else if (!on && !listener) {
      await this.listen(this.#host, this.#port);
    }
  }

  /** Lets nothing pass, in either direction, while connections stay open and new ones are accepted. */
  freeze(on: boolean): void {
    this.#frozen = on;
    for (const [client, server] of this.#pairs) this.#flow(client, server);
  }

  async close(): Promise<void> {
    await this.refuse(true);
  }

  #accept(client: Socket): void {
    const server = connect({ host: "127.0.0.1", port: this.#targetPort, noDelay: true });
    this.#pairs.set(client, server);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => {}); // a reset; "close" follows
      one.on("close", () => {
        this.#pairs.delete(client);
        other.destroy();
      });
    }
    this.#flow(client, server);
  }

  #flow(client: Socket, server: Socket): void {
    if (this.#frozen) {
      client.unpipe(server).pause();
      server.unpipe(client).pause();
    } else {
      client.pipe(server).pipe(client);
    }
  }
}
