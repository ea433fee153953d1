import { readFileSync } from "node:fs";
import type { Etcd } from "../../test/support/etcd.js";

/** Linux counts a process's time in hundredths of a second (man 5 proc). */
const TICK_MS = 10;

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Processor time that etcd has used, in milliseconds. */
export function cpuMs({ pid }: Etcd): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Memory that etcd holds, in megabytes. */
export function memoryMb({ pid }: Etcd): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1024;
}

/** Processor time that etcd uses in a second while nothing but its upkeep happens, in milliseconds. */
export async function upkeepMs(etcd: Etcd, overMs: number): Promise<number> {
  const [before, began] = [cpuMs(etcd), performance.now()];
  await pause(overMs);
  return ((cpuMs(etcd) - before) * 1_000) / (performance.now() - began);
}

/**
 * Requests and streams that etcd's gRPC server has begun since it started, by its own metrics; NaN while it does not answer.
 * @param method only of this one. Default all.
 */
export async function requests({ metricsUrl }: Etcd, method = ".*"): Promise<number> {
  try {
    const text = await (await fetch(metricsUrl)).text();
    const started = text.matchAll(
      new RegExp(`^grpc_server_started_total\\{grpc_method="${method}",.*\\} (\\S+)$`, "gm"),
    );
    return [...started].reduce((all, [, count]) => all + Number(count), 0);
  } catch {
    return Number.NaN;
  }
}
