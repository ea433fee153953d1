import { setTimeout as pause } from "node:timers/promises";
import { Cluster } from "../../src/etcd-client/cluster.js";
import { KVService } from "../../src/etcd-client/methods.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { cpuMs, type Measured, memoryMb } from "../support/process-cost.js";
import { upkeepMs } from "./etcd-cost.js";

const CHANGES_A_SECOND = 40;
const PUT = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };

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
    await pause(Math.max(0, began + (made * 1_000) / CHANGES_A_SECOND - performance.now()));
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
