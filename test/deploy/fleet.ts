import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { ServerConfig } from "../../src/grpc/server/server-config.js";
import { freePort } from "../support/network/ports.js";
import type { Processes } from "./compiled.js";
import type { DelayOptions } from "./processes/delay.js";
import type { Held } from "./processes/held.js";
import type { InstanceNews, InstanceOptions, InstanceOrder } from "./processes/instance.js";
import type { LoadOptions, LoadReport } from "./processes/load.js";

/** One instance: a process that can be started, signalled and started again at the same address. */
export class Instance {
  readonly name: string;
  readonly address: string;
  readonly #processes: Processes;
  readonly #options: InstanceOptions;
  #child: ChildProcess | undefined;

  constructor(processes: Processes, address: string, config: Omit<ServerConfig, "ListenOn"> = {}) {
    this.#processes = processes;
    this.name = address;
    this.address = address;
    // On a machine that is busy elsewhere a handler may not be run for seconds: no time limit, a drain of nearly Kubernetes' default
    // grace period, and nobody is sent away as from a server that is full, which is shown elsewhere.
    const Shutdown = { WaitTime: 25_000, ...config.Shutdown };
    const patient = { Timeout: 0, CpuThreshold: 0, ...config, Shutdown };
    this.#options = { name: this.name, config: { ...patient, ListenOn: address } };
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Resolves once it serves and is registered. */
  async start(): Promise<void> {
    this.#child = this.#processes.start("instance", this.#options);
    await this.#next("ready");
  }

  /** SIGTERM. Resolves with the exit status. */
  async terminate(): Promise<number> {
    const gone = once(this.#child!, "exit");
    this.#child!.kill("SIGTERM");
    const [code] = (await gone) as [number];
    return code;
  }

  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child!.kill(signal);
  }

  /** Resolves with how many calls had arrived when it had done what was asked. */
  async order(order: InstanceOrder): Promise<number> {
    const done = this.#next(order);
    this.#child!.send(order);
    return ((await done) as { arrived: number }).arrived;
  }

  async held(): Promise<Held> {
    const done = this.#next("held");
    this.#child!.send("held");
    return ((await done) as { held: Held }).held;
  }

  #next(event: InstanceNews["event"]): Promise<InstanceNews> {
    const child = this.#child!;
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`${this.name} ended with ${code}, not ${event}`));
      const heard = (news: InstanceNews) => {
        if (news.event !== event) return;
        child.off("message", heard);
        child.off("exit", ended);
        resolve(news);
      };
      child.on("message", heard);
      child.once("exit", ended);
    });
  }
}

/** Somebody who calls the service without pause. */
export class Load {
  readonly #child: ChildProcess;

  constructor(processes: Processes, options: LoadOptions) {
    this.#child = processes.start("load", options);
  }

  /** How it goes so far. */
  async report(): Promise<LoadReport> {
    const answer = once(this.#child, "message");
    this.#child.send("report");
    return ((await answer) as [LoadReport])[0];
  }

  async held(): Promise<Held> {
    const answer = once(this.#child, "message");
    this.#child.send("held");
    return ((await answer) as [Held])[0];
  }

  /** SIGKILL: nobody is told that it goes. */
  async kill(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  /** Lets the calls under way finish. */
  async end(): Promise<LoadReport> {
    const answer = once(this.#child, "message");
    const gone = once(this.#child, "exit");
    this.#child.send("end");
    const [report] = (await answer) as [LoadReport];
    await gone;
    return report;
  }
}

/** Addresses of a fleet: one port, an address of the loopback network for each, so that DNS can tell them apart too. */
export async function addresses(count: number, network = 1, port?: number): Promise<string[]> {
  const chosen = port ?? (await freePort());
  return Array.from({ length: count }, (_, i) => `127.0.${network}.${i + 1}:${chosen}`);
}

/** Puts 5 to 20 ms each way before each of the addresses; resolves with the addresses to call instead. */
export async function delayed(processes: Processes, targets: readonly string[]): Promise<string[]> {
  const far = targets.map((address) => address.replace(/^127\.0\.\d+\./, "127.0.2."));
  const options: DelayOptions = { routes: far.map((address, i) => [address, targets[i]!]), delayMs: [5, 20] };
  await once(processes.start("delay", options), "message");
  return far;
}
