import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import type { ServerConfig } from "../../src/grpc/server/server-config.js";
import { createClient, createServer } from "../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import type { Etcd } from "../support/real-parts/etcd.js";
import { Traffic } from "../support/traffic.js";

const KEY = "soak.rpc";
/** Another call begins this often, in milliseconds; one in ten is a stream. */
const CALL_EVERY_MS = 5;
const TIMEOUT_MS = 30_000;

type Server = ReturnType<typeof createServer>;

/** Servers that come and go, and clients that call them without pause, in this process. */
export class Stage {
  readonly traffic = new Traffic();
  joins = 0;
  leaves = 0;
  readonly #etcd: Etcd;
  readonly #client: EchoClient;
  readonly #servers: Server[] = [];
  readonly #timer: NodeJS.Timeout;
  /** Lives as long as the process, as an application's own does. */
  readonly #lasting = new AbortController();
  #calls = 0;
  #underWay = 0;

  constructor(etcd: Etcd) {
    this.#etcd = etcd;
    this.#client = createClient(EchoClient, { Etcd: { Hosts: [etcd.endpoint], Key: KEY }, Timeout: TIMEOUT_MS });
    this.#timer = setInterval(() => this.#call(), CALL_EVERY_MS);
  }

  async join(): Promise<void> {
    const config: ServerConfig = {
      ListenOn: "127.0.0.1:0",
      Timeout: 0,
      CpuThreshold: 0,
      Etcd: { Hosts: [this.#etcd.endpoint], Key: KEY },
      Shutdown: { WrapUpTime: 300 },
    };
    const server: Server = createServer(config, (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address ?? "?"),
      ),
    );
    await server.start();
    this.#servers.push(server);
    this.joins += 1;
  }

  /** The one that has been there longest stops. */
  async leave(): Promise<void> {
    await this.#servers.shift()!.stop();
    this.leaves += 1;
  }

  /** Resolves when all that are there are called, and nobody else. */
  settled(): Promise<void> {
    return this.traffic.settleOn(...this.#servers.map(({ address }) => address!));
  }

  /** What comes and goes in an application: a client that is closed, a watch that is left. */
  async passing(): Promise<void> {
    const Etcd = { Hosts: [this.#etcd.endpoint], Key: KEY };
    const client = createClient(EchoClient, { Etcd, Timeout: TIMEOUT_MS });
    this.traffic.record({ ...(await outcome(say(client))) });
    client.close();
    const watching = new EtcdDiscovery({ hosts: [this.#etcd.endpoint] }).watch(KEY, { signal: this.#lasting.signal });
    for await (const set of watching) if (set.length > 0) break;
  }

  /** Ends the calls, then the clients, then the servers. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#underWay > 0) await this.traffic.next();
    this.#client.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  #call(): void {
    this.#calls += 1;
    this.#underWay += 1;
    const made = this.#calls % 10 === 0 ? this.#stream() : say(this.#client);
    void outcome(made).then((one) => {
      this.#underWay -= 1;
      this.traffic.record(one);
    });
  }

  #stream(): Promise<{ instance: string }> {
    return new Promise((resolve, reject) => {
      let instance = "";
      this.#client
        .count({ count: 3 })
        .on("data", (reply: { instance: string }) => {
          instance = reply.instance;
        })
        .on("error", reject)
        .on("end", () => resolve({ instance }));
    });
  }
}

function outcome(call: Promise<{ instance: string }>) {
  return call.then(
    ({ instance }) => ({ instance, code: "OK" }),
    ({ code, details }) => ({ code: String(code), error: details }),
  );
}
