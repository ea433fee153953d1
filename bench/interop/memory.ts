import { setTimeout as pause } from "node:timers/promises";
import { BareEtcd } from "../registry/bare.js";
import { inParallel } from "../registry/figures.js";
import type { Comparison } from "./comparison.js";
import { BOTH, type Contestant, GO_ZERO, type Name, OURS } from "./contestants.js";
import { NotingInstance } from "./instances.js";
import { Program } from "./program.js";

/** Long enough for both to give back what they needed for a moment. */
const SETTLE_MS = 2_000;
const AT_A_TIME = 50;
const MEGABYTE = 1 << 20;

const WAYS = {
  watches: "a process that watches",
  clients: "a process with a client, connected, of each of",
} as const;

interface Memory {
  readonly resident: number;
  readonly heap: number;
}

/**
 * Of a process that knows so many services, with one instance each: resident as it is a moment after, and the heap in use after a
 * collection. In each round every process is a fresh one; beside stand processes that know one service.
 */
export async function memory(
  rounds: number,
  services: number,
  both: Readonly<Record<Name, Contestant>>,
  etcd: string,
  settleMs = SETTLE_MS,
): Promise<Comparison[]> {
  const registry = new BareEtcd(etcd);
  const { instance, addresses } = await NotingInstance.start(services);
  const found: Comparison[] = [];
  try {
    const keys = addresses.map((address, i) => ({ key: `watched${i}.rpc/0`, address }));
    await inParallel(keys, AT_A_TIME, ({ key, address }) => registry.put(key, address));
    for (const how of ["watches", "clients"] as const) {
      const one: Record<Name, Memory[]> = { [OURS]: [], [GO_ZERO]: [] };
      const many: Record<Name, Memory[]> = { [OURS]: [], [GO_ZERO]: [] };
      for (let round = 0; round < rounds; round++) {
        for (const name of BOTH) {
          many[name].push(await measure(both[name].watcher(etcd, "watched", services, how), settleMs));
          if (round === 0) one[name].push(await measure(both[name].watcher(etcd, "watched", 1, how), settleMs));
        }
      }
      for (const [part, words] of [
        ["resident", "resident"],
        ["heap", "heap in use"],
      ] as const) {
        found.push({
          what: `${WAYS[how]} ${services.toLocaleString("en")} services: ${words}`,
          unit: "MB",
          figures: { [OURS]: of(many[OURS], part), [GO_ZERO]: of(many[GO_ZERO], part) },
          beside: BOTH.map((name) => ({ what: `${name} with one`, figures: of(one[name], part) })),
        });
      }
    }
  } finally {
    instance.stop();
    registry.close();
  }
  return found;
}

function of(memories: readonly Memory[], part: keyof Memory): number[] {
  return memories.map((memory) => memory[part]);
}

async function measure(command: readonly string[], settleMs: number): Promise<Memory> {
  const program = new Program(command);
  try {
    await program.next();
    await pause(settleMs);
    const resident = program.residentMb;
    program.tell("collect");
    const { heapBytes } = await program.next();
    return { resident, heap: Number(heapBytes) / MEGABYTE };
  } finally {
    await program.kill();
  }
}
