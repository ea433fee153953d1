import { readFileSync } from "node:fs";

/** Linux counts a process's time in hundredths of a second (man 5 proc). */
const TICK_MS = 10;

/** A process whose cost is asked for. */
export interface Measured {
  readonly pid: number;
}

/** What an etcd, or a proxy before it, is asked. */
export interface Asked extends Measured {
  readonly metricsUrl: string;
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Processor time that a process has used, in milliseconds. */
export function cpuMs({ pid }: Measured): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Memory that a process holds, in megabytes. */
export function memoryMb({ pid }: Measured): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1024;
}

/** Processor time that a process uses in a second, in milliseconds, as it goes on by itself. */
export async function upkeepMs(process: Measured, overMs: number): Promise<number> {
  const [before, began] = [cpuMs(process), performance.now()];
  await pause(overMs);
  return ((cpuMs(process) - before) * 1_000) / (performance.now() - began);
}

/**
 * Requests and streams that an etcd's gRPC server has begun since it started, by its own metrics; NaN while it does not answer.
 * @param method only of this one. Default all.
 */
export async function requests({ metricsUrl }: Asked, method = ".*"): Promise<number> {
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
