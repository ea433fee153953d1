import { rmSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { LoggedProcess } from "./logged-process.js";

const START_LIMIT_MS = 60_000;

/** A real etcd process on 127.0.0.1. */
export interface Etcd {
  readonly name: string;
  /** `127.0.0.1:port` of the client API. */
  readonly endpoint: string;
  /** Plain HTTP whatever TLS the client API has; `/health` is answered beside it. */
  readonly metricsUrl: string;
  /** Of the process that runs now; another one after restart(). */
  readonly pid: number;
  readonly dir: string;
  /** Whether the process exists (a stopped one, by SIGSTOP, does). */
  readonly running: boolean;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /**
   * kill(), then starts again on the same ports: with its data or, wiped, as a new cluster with another id (a single node
   * only). Resolves when healthy; members that make up a lost quorum have to be restarted together.
   */
  restart(options?: { wipe?: boolean }): Promise<void>;
  /** kill(), and the temporary folder is removed. */
  stop(): Promise<void>;
}

export class EtcdProcess implements Etcd {
  readonly name: string;
  readonly endpoint: string;
  readonly metricsUrl: string;
  readonly dir: string;
  readonly #home: string;
  readonly #flags: (token: string) => string[];
  readonly #process: LoggedProcess;
  #generation = 0;

  constructor(place: {
    name: string;
    endpoint: string;
    metricsUrl: string;
    home: string;
    dir: string;
    flags: (token: string) => string[];
  }) {
    this.name = place.name;
    this.endpoint = place.endpoint;
    this.metricsUrl = place.metricsUrl;
    this.dir = place.dir;
    this.#home = place.home;
    this.#flags = place.flags;
    this.#process = new LoggedProcess(`etcd ${place.name}`, place.home);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.running;
  }

  async start(): Promise<void> {
    this.#process.start(etcdCommand(), this.#flags(`${this.#home}-${this.#generation}`));
    try {
      await this.#ready();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  async restart({ wipe = false }: { wipe?: boolean } = {}): Promise<void> {
    await this.kill();
    if (wipe) {
      rmSync(this.dir, { recursive: true, force: true });
      this.#generation += 1;
    }
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Whether it says that it leads its cluster; nothing answered is a no. */
  async leads(): Promise<boolean> {
    if (!this.running) return false;
    const metrics = await httpGet(this.metricsUrl).catch(() => "");
    return /^etcd_server_is_leader 1$/m.test(metrics);
  }

  /** Asks for health until it is there; the interval only spares the processor. */
  async #ready(): Promise<void> {
    const health = this.metricsUrl.replace("/metrics", "/health");
    for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(10)) {
      if (!this.running) throw new Error(`etcd ${this.name} ended while starting:\n${this.#process.lastWords}`);
      const answer = await httpGet(health).catch(() => "");
      if (/"health":\s*"?true/.test(answer)) return;
    }
    throw new Error(`etcd ${this.name} is not healthy after ${START_LIMIT_MS / 1000} s:\n${this.#process.lastWords}`);
  }
}

function httpGet(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve(body));
    });
    request.on("timeout", () => request.destroy(new Error("timed out"))).on("error", reject);
  });
}

export function etcdCommand(): string {
  return process.env.ROLLCALL_ETCD || "etcd";
}
