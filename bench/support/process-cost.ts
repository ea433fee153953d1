import { readFileSync } from "node:fs";

/** Linux counts a process's time in hundredths of a second (man 5 proc). */
const TICK_MS = 10;

/** A process whose cost is asked for. */
export interface Measured {
  readonly pid: number;
}

/** Processor time that a process has used, in milliseconds. */
export function cpuMs({ pid }: Measured): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Memory that a process holds (resident), in megabytes. */
export function memoryMb({ pid }: Measured): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kb) / 1_024;
}

/** Bytes of heap and buffers that this process holds after garbage collection. Needs --expose-gc. */
export function heldBytes(): number {
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
