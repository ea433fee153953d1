import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * Forwards a TCP port. It can refuse connections, and it can fall silent as a frozen host or a dropped route does:
 * nothing passes, nothing closes.
 */
export class SilentProxy {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #port = 0;
  #silent = new Set<Socket>();
  /** Connections taken so far. */
  accepted = 0;
  /** Bytes forwarded so far, both ways. */
  passed = 0;
  /** What waits to be forwarded, while the proxy holds everything. */
  #held: (() => void)[] | undefined;

  constructor(targetPort: number) {
    this.#target = targetPort;
    this.#server = createServer((client) => this.#forward(client));
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** The connections there are now go silent; those made later work. */
  silence(): void {
    this.#silent = new Set(this.#sockets);
  }

  /** From now on nothing passes, and nothing is lost: a network that stalls. */
  hold(): void {
    this.#held = [];
  }

  /** What was held passes, and whatever comes. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  /** Cuts all connections and takes no new ones, until it is started again. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #forward(client: Socket): void {
    this.accepted += 1;
    const upstream = connect(this.#target, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("data", (data) => {
        if (this.#silent.has(from)) return;
        this.passed += data.length;
        if (this.#held) this.#held.push(() => to.write(data));
        else to.write(data);
      });
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        if (!this.#silent.has(from)) to.destroy();
      });
    }
  }
}
