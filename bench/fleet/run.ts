import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Contestant, perform } from "./contestants.js";
import { figures, type Run } from "./figures.js";
import { Listing } from "./listing.js";
import type { Change, Row } from "./rows.js";
import { schedule } from "./schedule.js";
import type { Servers } from "./servers.js";

export interface Setting {
  /** `host:port` */
  readonly etcd: string;
  readonly servers: Servers;
  /** Calls of this time are made and not counted: connections open, code is compiled, and what is slow is found out. */
  readonly warmMs: number;
  readonly forMs: number;
}

/** Each contestant in turn on the same servers, with the same calls. The order of the contestants is the caller's. */
export async function runRow(
  name: string,
  row: Row,
  order: readonly Contestant[],
  seed: number,
  setting: Setting,
): Promise<Map<string, Run>> {
  const { warmMs, forMs, servers } = setting;
  await servers.atLeast(row.instances.length);
  const calls = schedule(row.kinds, row.rate, warmMs + forMs, seed);
  const folder = mkdtempSync(join(tmpdir(), "rollcall-fleet-"));
  const file = join(folder, "schedule.json");
  writeFileSync(file, JSON.stringify(calls));
  try {
    const addresses = row.instances.map((_, instance) => servers.address(instance));
    const runs = new Map<string, Run>();
    for (const contestant of order) {
      const outcomes = await runContestant(`${name}.rpc`, row, contestant, file, setting);
      runs.set(contestant.name, figures(calls, outcomes, warmMs, addresses));
    }
    return runs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runContestant(key: string, row: Row, contestant: Contestant, file: string, setting: Setting) {
  const { etcd, servers, warmMs, forMs } = setting;
  const listing = new Listing(etcd, key);
  await Promise.all(row.instances.map((condition, instance) => servers.become(instance, condition, true)));
  for (let instance = 0; instance < (row.listed ?? row.instances.length); instance++) {
    await listing.add(instance, servers.address(instance));
  }
  const over = new AbortController();
  let changing: Promise<void> | undefined;
  try {
    return await perform(contestant, { etcd, key, schedule: file }, () => {
      changing = carryOut(row.changes?.(forMs) ?? [], warmMs, listing, servers, over.signal);
      changing.catch(() => {}); // awaited below
    });
  } finally {
    over.abort();
    await changing;
    await listing.clear();
  }
}

/** Makes the changes, each at its time, until the signal aborts. */
async function carryOut(
  changes: readonly Change[],
  afterMs: number,
  listing: Listing,
  servers: Servers,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now() + afterMs;
  for (const change of [...changes].sort((a, b) => a.atMs - b.atMs)) {
    await pause(Math.max(0, began + change.atMs - performance.now()), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const { instance } = change;
    if (change.change === "become") await servers.become(instance, change.condition);
    else if (change.change === "join") await listing.add(instance, servers.address(instance));
    else await listing.remove(instance);
  }
}
