import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { startDevRegistry } from "../../../src/dev-registry/index.js";
import { createClient, createServer, inspect, type Server } from "../../../src/index.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../echo.js";
import { until } from "../until.js";

const SERVICE = "order.rpc";
const KINDS = ["good", "failing", "slow"] as const;

/**
 * A small fleet to look at: an etcd, three servers of which one fails and one is slow, and this process, which calls them and can be
 * inspected. Real addresses are shown as 10.20.0.11:8080 and so on, which are as long.
 */
export class CliWorld {
  readonly #folder: string;
  readonly #registry: Awaited<ReturnType<typeof startDevRegistry>>;
  readonly #servers: Server[] = [];
  readonly #names = new Map<string, string>();
  #client!: EchoClient;
  #endInspection!: () => Promise<void>;
  #calling = true;
  #calls: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, registry: Awaited<ReturnType<typeof startDevRegistry>>) {
    this.#folder = folder;
    this.#registry = registry;
  }

  static async start(): Promise<CliWorld> {
    const folder = mkdtempSync(join(tmpdir(), "rollcall-world-"));
    process.env.XDG_RUNTIME_DIR = folder;
    const world = new CliWorld(folder, await startDevRegistry());
    for (const [i, kind] of KINDS.entries()) await world.#serve(kind, `10.20.0.${11 + i}:8080`);
    await world.#call();
    return world;
  }

  /** For commands that look at it. */
  get env(): NodeJS.ProcessEnv {
    return {
      ETCD_ENDPOINTS: this.#registry.endpoint,
      XDG_RUNTIME_DIR: this.#folder,
      ROLLCALL_SNAPSHOT_DIR: this.#folder,
    };
  }

  /** A word of a documented command as it is to be called here: addresses and files are this world's. */
  asReal(word: string): string {
    for (const [real, name] of this.#names) if (word.includes(name)) return word.replace(name, real);
    return /^\w+\.(json|yaml)$/.test(word) ? join(this.#folder, word) : word;
  }

  /** Output as a page shows it. */
  asShown(output: string): string {
    let shown = output.replaceAll(`${this.#folder}/`, "");
    for (const [real, name] of this.#names) shown = shown.replaceAll(real, name);
    return shown
      .replaceAll(this.#registry.endpoint, "127.0.0.1:2379")
      .replace(/^127\.0\.0\.1:\d+$/gm, "127.0.0.1:40123");
  }

  async end(): Promise<void> {
    this.#calling = false;
    await this.#calls;
    await this.#endInspection();
    this.#client.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
    await this.#registry.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #serve(kind: (typeof KINDS)[number], name: string): Promise<void> {
    let calls = 0;
    const server: Server = createServer(
      {
        Name: "order",
        ListenOn: "127.0.0.1:0",
        Etcd: { Hosts: [this.#registry.endpoint], Key: SERVICE },
        Zone: "eu-1a",
        Metadata: { version: kind === "failing" ? "1.5" : "1.4" },
        Shutdown: { WrapUpTime: 0 },
      },
      (builder) => {
        builder.addService(EchoService, {
          ...echoHandlers(() => server.address!),
          say(_call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) {
            calls += 1;
            const fails = kind === "failing" && calls % 3 === 0;
            setTimeout(
              () => {
                if (fails) callback({ code: grpc.status.INTERNAL, details: "broken" });
                else callback(null, { instance: server.address! });
              },
              kind === "slow" ? 30 : 3 + (calls % 4),
            );
          },
        });
      },
      { signals: false },
    );
    await server.start();
    this.#servers.push(server);
    this.#names.set(server.address!, name);
  }

  async #call(): Promise<void> {
    const etcd = { Hosts: [this.#registry.endpoint], Key: SERVICE };
    this.#client = createClient(EchoClient, { Etcd: etcd, Snapshot: { Dir: this.#folder } });
    this.#endInspection = await inspect();
    writeFileSync(
      join(this.#folder, "cart.yaml"),
      `OrderRpc:\n  Etcd: { Hosts: ["${etcd.Hosts[0]}"], Key: ${SERVICE} }\n`,
    );
    let calls = 0;
    const caller = async () => {
      while (this.#calling) {
        await say(this.#client).catch(() => {});
        calls += 1;
      }
    };
    this.#calls = Promise.all(Array.from({ length: 4 }, caller));
    await until(() => calls > 500, "500 calls");
    const kept = () => existsSync(this.#folder) && readdirSync(this.#folder).some((name) => name.endsWith(".snapshot"));
    await until(kept, "a snapshot");
  }
}
