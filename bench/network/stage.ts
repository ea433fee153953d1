import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Lan, type LanHost } from "../../test/support/network/lan.js";
import { until } from "../../test/support/until.js";
import type { CallerOptions, Order } from "./caller.js";
import type { CallRecord } from "./figures.js";

export const KEY = "net.rpc";
const PORT = 8080;
const START_LIMIT_MS = 60_000;

/** Etcd, three instances and whoever calls them, each on a host of its own. */
export class Stage implements AsyncDisposable {
  readonly #lan = new Lan();
  readonly #etcdData = mkdtempSync(join(tmpdir(), "rollcall-network-"));
  readonly registryHost = this.#lan.addHost();
  readonly registry = `${this.registryHost.ip}:2379`;
  readonly callers = this.#lan.addHost();
  readonly servers = [1, 2, 3].map(() => new Server(this.#lan.addHost(), this.registry));

  static async start(): Promise<Stage> {
    const stage = new Stage();
    try {
      await stage.#startEtcd();
      await Promise.all(stage.servers.map((server) => server.start()));
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  get addresses(): string[] {
    return this.servers.map(({ address }) => address);
  }

  addHost(): LanHost {
    return this.#lan.addHost();
  }

  startCaller(options: CallerOptions): Caller {
    return new Caller(program(this.callers, "bench/network/caller.ts", [JSON.stringify(options)], true));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lan[Symbol.dispose]();
    rmSync(this.#etcdData, { recursive: true, force: true, maxRetries: 10 });
  }

  async #startEtcd(): Promise<void> {
    const url = `http://${this.registry}`;
    const args = [`--data-dir=${this.#etcdData}`, `--listen-client-urls=${url}`, `--advertise-client-urls=${url}`];
    const command = process.env.ROLLCALL_ETCD || "etcd";
    const child = this.registryHost.start(command, args, ["ignore", "ignore", "pipe"]);
    await line(child, child.stderr!, /ready to serve client requests/);
    child.stderr!.resume();
  }
}

/** An instance of the echo service on a host of its own. */
export class Server {
  readonly host: LanHost;
  readonly address: string;
  readonly #registry: string;
  #child: ChildProcess | undefined;

  /** @param advertise what it registers, where that is not what it listens on. */
  constructor(host: LanHost, registry: string, advertise?: string) {
    this.host = host;
    this.address = `${advertise ?? host.ip}:${PORT}`;
    this.#registry = registry;
  }

  /** Resolves once it serves and is listed. */
  async start(): Promise<void> {
    const config = {
      Name: KEY,
      ListenOn: `0.0.0.0:${PORT}`,
      Advertise: this.address,
      Etcd: { Hosts: [this.#registry], Key: KEY },
    };
    this.#child = program(this.host, "test/lifecycle/serving-program.ts", [JSON.stringify(config)]);
    await line(this.#child, this.#child.stdout!, /^port/);
  }

  /** What was sent is not answered, and what was known is gone. */
  powerOff(): void {
    this.host.silence();
    this.#child?.kill("SIGKILL");
  }

  async powerOn(): Promise<void> {
    this.host.heal();
    await this.start();
  }
}

/** A process that calls the instances. */
export class Caller {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  tell(order: Order): void {
    this.#child.send(order);
  }

  /** Resolves once it could make calls. */
  async started(): Promise<void> {
    await this.#ask("seen");
  }

  /** Resolves once each of these has answered. */
  async reaches(addresses: readonly string[]): Promise<void> {
    const all = async () => {
      const seen = await this.#ask<string[]>("seen");
      return addresses.every((address) => seen.includes(address));
    };
    await until(all, `calls reach ${addresses}`, START_LIMIT_MS);
  }

  /** Ends it; all its calls. */
  end(): Promise<CallRecord[]> {
    return this.#ask("end");
  }

  async #ask<T>(order: Order): Promise<T> {
    const answer = once(this.#child, "message");
    this.#child.send(order);
    return ((await answer) as [T])[0];
  }
}

/** Starts a program of the project on a host. @param talks whether messages can be sent to it. */
export function program(host: LanHost, file: string, args: readonly string[], talks = false): ChildProcess {
  return host.start(
    process.execPath,
    ["--import", "tsx", file, ...args],
    ["ignore", "pipe", "inherit", ...(talks ? ["ipc" as const] : [])],
    { ROLLCALL_LOG_LEVEL: "silent" },
  );
}

/** Resolves with the first line that matches; rejects when the program ends without one. */
export function line(child: ChildProcess, output: NodeJS.ReadableStream, what: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface(output).on("line", (text) => what.test(text) && resolve(text));
    child.once("exit", (code) => reject(new Error(`${child.spawnargs.join(" ")} ended with ${code} before ${what}`)));
  });
}
