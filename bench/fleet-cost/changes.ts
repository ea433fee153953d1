import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Cluster } from "../../src/etcd-client/cluster.js";
import { KVService } from "../../src/etcd-client/methods.js";
import { freePort } from "../../test/support/network/ports.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { until } from "../../test/support/until.js";
import { cpuMs, type Measured, memoryMb, pause, upkeepMs } from "./etcd-cost.js";

const A_SECOND = 40;

/** What changes cost that every client is told of. */
export interface Told {
  /** Processor time for each change, in microseconds. */
  readonly costUs: number;
  readonly memoryMb: number;
}

/** Puts keys of the watched services, so many a second, and measures what those who tell of it use beyond their upkeep. */
export async function changes(
  etcd: Etcd,
  measured: readonly Measured[],
  services: number,
  forMs: number,
): Promise<Told[]> {
  const cluster = new Cluster({ hosts: [etcd.endpoint] });
  const session = await cluster.session();
  const upkeep = await Promise.all(measured.map((one) => upkeepMs(one, forMs / 2)));
  const before = measured.map(cpuMs);
  const began = performance.now();
  let made = 0;
  while (performance.now() - began < forMs) {
    const key = Buffer.from(`service${made % services}.rpc/change`);
    await session.call(KVService.put, { ...PUT, key, value: Buffer.from(`127.9.0.1:${1 + (made % 60_000)}`) });
    made += 1;
    await pause(Math.max(0, began + (made * 1_000) / A_SECOND - performance.now()));
  }
  await pause(500);
  const seconds = (performance.now() - began) / 1_000;
  const told = measured.map((one, i) => {
    const usedMs = cpuMs(one) - before[i]! - upkeep[i]! * seconds;
    return { costUs: (Math.max(0, usedMs) * 1_000) / made, memoryMb: memoryMb(one) };
  });
  for (let service = 0; service < services; service++) {
    const key = Buffer.from(`service${service}.rpc/change`);
    await session.call(KVService.deleteRange, { key, rangeEnd: Buffer.alloc(0), prevKv: false });
  }
  cluster.close();
  return told;
}

const PUT = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };

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
