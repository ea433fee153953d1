import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Cluster } from "../../src/etcd-client/cluster.js";
import { freePort } from "../../test/support/network/ports.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { until } from "../../test/support/until.js";
import type { Measured } from "../support/process-cost.js";

/** etcd's own proxy before it. */
export class GrpcProxy implements Measured {
  readonly endpoint: string;
  readonly #child: ChildProcess;
  #said = "";

  static async start(etcd: Etcd): Promise<GrpcProxy> {
    const endpoint = `127.0.0.1:${await freePort()}`;
    // It calls itself where it advertises, and ends when nobody answers there.
    const own = ["--listen-addr", endpoint, "--advertise-client-url", endpoint];
    const args = ["grpc-proxy", "start", "--endpoints", etcd.endpoint, ...own];
    const child = spawn(process.env.ROLLCALL_ETCD || "etcd", args, { stdio: ["ignore", "ignore", "pipe"] });
    const cluster = new Cluster({ hosts: [endpoint] });
    await until(() => cluster.state.at === "connected", "etcd's grpc-proxy answers");
    cluster.close();
    return new GrpcProxy(endpoint, child);
  }

  private constructor(endpoint: string, child: ChildProcess) {
    this.endpoint = endpoint;
    this.#child = child;
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#said = text.trim().split("\n").at(-1)!;
    });
  }

  /** Why it has ended by itself; undefined while it runs. */
  get failure(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    return exitCode === null && signalCode === null ? undefined : this.#said || `ended with ${exitCode ?? signalCode}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async stop(): Promise<void> {
    if (this.failure !== undefined) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
