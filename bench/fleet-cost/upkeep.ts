import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { memoryMb, pause, requests, upkeepMs } from "./etcd-cost.js";

/** After a fleet has grown, before it is measured. */
const SETTLE_MS = 3_000;

/** What an etcd uses while nothing happens but that leases are renewed and watches stand. */
export interface Upkeep {
  readonly servers: number;
  readonly clients: number;
  /** Processor time, in milliseconds a second. */
  readonly cpuMs: number;
  readonly memoryMb: number;
  readonly requests: number;
}

export async function upkeep(etcd: Etcd, servers: number, clients: number, forMs: number): Promise<Upkeep> {
  await pause(SETTLE_MS);
  const before = await requests(etcd);
  const cpuMs = await upkeepMs(etcd, forMs);
  const rate = ((await requests(etcd)) - before) / (forMs / 1_000);
  return { servers, clients, cpuMs, memoryMb: memoryMb(etcd), requests: rate };
}

/** What each more of x adds to y, by the line that fits best. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: "x" | "y") => points.reduce((sum, one) => sum + one[of], 0) / points.length;
  const [x, y] = [mean("x"), mean("y")];
  const along = points.reduce((sum, one) => sum + (one.x - x) ** 2, 0);
  return points.reduce((sum, one) => sum + (one.x - x) * (one.y - y), 0) / along;
}
