import { fork } from "node:child_process";
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { print, since } from "./figures.js";

const PROGRAM = new URL("./churn-writer.ts", import.meta.url);
/** Joins and leaves together: 1,000 of each. */
const PER_SECOND = 2_000;
const TARGET_MS = 20;
const RESOLUTION_MS = 1;
/** A set that is not exact by then never will be. */
const LIMIT_MS = 30_000;

/** One service whose instances join and leave without pause, written by another process. */
export async function churn({ endpoint }: Etcd): Promise<void> {
  const seconds = Number(process.argv[2] ?? 30);
  const abort = new AbortController();
  let current = "";
  let sets = 0;
  let changed = () => {};
  const ended = (async () => {
    for await (const set of new EtcdDiscovery({ hosts: [endpoint] }).watch("churn.rpc", { signal: abort.signal })) {
      sets += 1;
      current = set
        .map(({ address }) => address)
        .sort()
        .join();
      changed();
    }
  })();
  const idle = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  idle.enable();
  await pause(2_000);
  idle.disable();

  const writer = fork(PROGRAM, [endpoint, String(PER_SECOND), String(seconds)], { execArgv: ["--import", "tsx"] });
  await once(writer, "message"); // it has started
  const busy = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  busy.enable();
  const setsBefore = sets;
  const [{ changes, addresses, tookMs }] = (await once(writer, "message")) as [
    { changes: number; addresses: string[]; tookMs: number },
  ];
  busy.disable();
  const written = performance.now();
  const wanted = addresses.sort().join();
  const converged = (async () => {
    while (current !== wanted) await new Promise<void>((resolve) => (changed = resolve));
  })();
  await Promise.race([converged, pause(LIMIT_MS, undefined, { ref: false })]);
  if (current !== wanted) throw new Error(`the set is not what etcd lists:\n${current}\n${wanted}`);
  const shown = (histogram: typeof busy) =>
    `p50 ${(histogram.percentile(50) / 1e6).toFixed(1)} ms, p99 ${(histogram.percentile(99) / 1e6).toFixed(1)} ms`;
  print(
    "joins and leaves",
    `${changes} in ${(tookMs / 1_000).toFixed(1)} s (${Math.round((changes / tookMs) * 1_000)} a second)`,
  );
  print(
    "exact set after the last",
    `${since(written).toFixed(0)} ms, ${addresses.length} instances; ${sets - setsBefore} sets yielded`,
  );
  print(
    `event-loop delay (timer of ${RESOLUTION_MS} ms included)`,
    `${shown(busy)}, idle ${shown(idle)}; target p99 ${TARGET_MS} ms`,
  );
  abort.abort();
  await ended;
}
