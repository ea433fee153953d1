import { setTimeout as pause } from "node:timers/promises";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { memoryMb } from "../support/process-cost.js";
import { requests, upkeepMs } from "./etcd-cost.js";

/** After a fleet has grown, before it is measured. */
const SETTLE_MS = 3_000;

/** What an etcd uses while nothing happens but that leases are renewed and watches stand. */
export interface Upkeep {
  readonly servers: number;
  readonly clients: number;
  /** Processor time, in milliseconds a second. */
  readonly cpuMs: number;
  readonly memoryMb: number;
  /** A second. */
  readonly requests: number;
}

export async function upkeep(etcd: Etcd, servers: number, clients: number, forMs: number): Promise<Upkeep> {
  await pause(SETTLE_MS);
  const before = await requests(etcd.metricsUrl);
  const cpuMs = await upkeepMs(etcd, forMs);
  const rate = ((await requests(etcd.metricsUrl)) - before) / (forMs / 1_000);
  return { servers, clients, cpuMs, memoryMb: memoryMb(etcd), requests: rate };
}
