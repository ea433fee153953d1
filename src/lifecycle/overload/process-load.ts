import { availableParallelism } from "node:os";
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { systemTiming } from "../../async/timing.js";
import type { LoadSample } from "./busyness.js";

/** Milliseconds between samples. */
const EVERY_MS = 100;

type Listener = (sample: LoadSample) => void;

const listeners = new Set<Listener>();
let stop: (() => void) | undefined;

/**
 * Tells how busy this process is, ten times a second, to all who listen by one timer, which holds no process.
 * @returns stops telling.
 */
export function watchProcessLoad(listener: Listener): () => void {
  listeners.add(listener);
  stop ??= sampling();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
}

function sampling(): () => void {
  let at = performance.now();
  let loop: EventLoopUtilization = performance.eventLoopUtilization();
  let cpu = process.cpuUsage();
  const sample = () => {
    const now = performance.now();
    const tookMs = now - at;
    const loopNow = performance.eventLoopUtilization();
    const cpuNow = process.cpuUsage();
    const { utilization } = performance.eventLoopUtilization(loopNow, loop);
    const cpuMs = (cpuNow.user - cpu.user + cpuNow.system - cpu.system) / 1_000;
    [at, loop, cpu] = [now, loopNow, cpuNow];
    const utilisation = Math.max(utilization, cpuMs / tookMs / availableParallelism());
    // Before anybody is told: who is told may stop it.
    cancel = systemTiming.after(EVERY_MS, sample);
    for (const listener of listeners) listener({ utilisation, delayMs: Math.max(0, tookMs - EVERY_MS), tookMs });
  };
  let cancel = systemTiming.after(EVERY_MS, sample);
  return () => cancel();
}
