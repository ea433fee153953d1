import { P2cEwma } from "../../src/balancer/index.js";

/** Cycles of one round. */
export const CYCLES = 100_000;
export const LATENCY_MS = 10;

/** Addresses of so many instances. */
export function keys(n: number): string[] {
  return Array.from({ length: n }, (_, i) => `10.1.${i >> 8}.${i & 255}:8080`);
}

/** CPU time, because on a shared machine the wall clock measures the neighbours. */
export function cpuNs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1_000;
}

/** A round of pick, start and end among so many instances. */
export function cycles(n: number): () => void {
  const balancer = new P2cEwma<string>();
  balancer.set(keys(n));
  return () => {
    for (let i = 0; i < CYCLES; i++) {
      const node = balancer.pick()!;
      node.started();
      node.ended(LATENCY_MS, true);
    }
  };
}
