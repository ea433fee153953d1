import { BareEtcd } from "../registry/bare.js";
import { inParallel } from "../registry/figures.js";
import type { Comparison } from "./comparison.js";
import { BOTH, type Contestant, GO_ZERO, type Name, OURS } from "./contestants.js";
import { NotingInstance } from "./instances.js";
import { Program } from "./program.js";

/** What a process that has just come to rest still gives back, it gives back within this. */
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
 * collection. In each round every process is a fresh one; beside stands a process of ours that knows one service.
 */
export async function memory(
  rounds: number,
  services: number,
  both: Readonly<Record<Name, Contestant>>,
  etcd: string,
): Promise<Comparison[]> {
  const registry = new BareEtcd(etcd);
  const { instance, addresses } = await NotingInstance.start(services);
  const found: Comparison[] = [];
  try {
    const keys = addresses.map((address, i) => ({ key: `watched${i}.rpc/0`, address }));
    await inParallel(keys, AT_A_TIME, ({ key, address }) => registry.put(key, address));
    for (const how of ["watches", "clients"] as const) {
      const small = await measure(both[OURS].watcher(etcd, "watched", 1, how));
      const many: Record<Name, Memory[]> = { [OURS]: [], [GO_ZERO]: [] };
      for (let round = 0; round < rounds; round++) {
        for (const name of BOTH) many[name].push(await measure(both[name].watcher(etcd, "watched", services, how)));
      }
      for (const [part, words] of [
        ["resident", "resident"],
        ["heap", "heap in use"],
      ] as const) {
        found.push({
          what: `${WAYS[how]} ${services.toLocaleString("en")} services: ${words}`,
          unit: "MB",
          figures: { [OURS]: many[OURS].map((one) => one[part]), [GO_ZERO]: many[GO_ZERO].map((one) => one[part]) },
          beside: { what: "Rollcall, one service", figures: [small[part]] },
        });
      }
    }
  } finally {
    instance.stop();
    registry.close();
  }
  return found;
}

async function measure(command: readonly string[]): Promise<Memory> {
  const program = new Program(command);
  try {
    await program.next();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const resident = program.residentMb;
    program.tell("collect");
    const { heapBytes } = await program.next();
    return { resident, heap: Number(heapBytes) / MEGABYTE };
  } finally {
    await program.kill();
  }
}
