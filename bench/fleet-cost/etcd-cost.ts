import { setTimeout as pause } from "node:timers/promises";
import { metric } from "../registry/figures.js";
import { cpuMs, type Measured } from "../support/process-cost.js";

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
export function requests(metricsUrl: string, method?: string): Promise<number> {
  const label = method === undefined ? "" : `grpc_method="${method}"`;
  return metric(metricsUrl, "grpc_server_started_total", label).catch(() => Number.NaN);
}
