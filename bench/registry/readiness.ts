import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { until } from "../../test/support/until.js";
import { BareEtcd } from "./bare.js";
import { inParallel, metric, print, ratios, since } from "./figures.js";

const SERVICES = Array.from({ length: 1_000 }, (_, i) => `service-${i}.rpc`);
const INSTANCES_EACH = 10;
const ROUNDS = 7;
const TARGET = 1.5;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** One client that watches many services, beside the bare calls that list them; connecting is part of both. */
export async function readiness({ endpoint, metricsUrl }: Etcd): Promise<void> {
  const writer = new BareEtcd(endpoint);
  await inParallel([...SERVICES.entries()], 64, async ([i, service]) => {
    for (let j = 0; j < INSTANCES_EACH; j++) await writer.put(`${service}/${j}`, `10.${i >> 8}.${i & 255}.${j}:80`);
  });
  writer.close();

  const watchers = () => metric(metricsUrl, "etcd_debugging_mvcc_watcher_total");
  const found: number[] = [];
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bareMs = await listAll(endpoint);
    await pause(500); // etcd has seen the connection close
    collectGarbage();
    const [heap, files] = [process.memoryUsage().heapUsed, await metric(metricsUrl, "process_open_fds")];
    const abort = new AbortController();
    setMaxListeners(0, abort.signal); // one for each service
    const began = performance.now();
    const watched = watchAll(endpoint, abort.signal);
    await watched.ready;
    tookMs.push(since(began));
    found.push(tookMs.at(-1)! / bareMs);
    if (round === ROUNDS - 1) {
      await until(async () => (await watchers()) === SERVICES.length, "every service is watched");
      const streams = await metric(metricsUrl, "etcd_debugging_mvcc_watch_stream_total");
      const opened = (await metric(metricsUrl, "process_open_fds")) - files;
      collectGarbage();
      const bytes = (process.memoryUsage().heapUsed - heap) / (SERVICES.length * INSTANCES_EACH);
      print("at etcd: connections, watch streams, watches", `${opened}, ${streams}, ${await watchers()}`);
      print("memory", `${bytes.toFixed(0)} bytes an instance`);
    }
    abort.abort();
    await watched.ended;
  }
  print(
    "1,000 services, 10,000 instances: ready",
    `${Math.min(...tookMs).toFixed(0)} to ${Math.max(...tookMs).toFixed(0)} ms`,
  );
  print("ready to the bare Range calls", ratios(found, TARGET));
}

async function listAll(endpoint: string): Promise<number> {
  const began = performance.now();
  const bare = new BareEtcd(endpoint);
  await Promise.all(SERVICES.map((service) => bare.range(service)));
  bare.close();
  return since(began);
}

function watchAll(endpoint: string, signal: AbortSignal): { ready: Promise<unknown>; ended: Promise<unknown> } {
  const discovery = new EtcdDiscovery({ hosts: [endpoint] });
  const ready: Promise<void>[] = [];
  const ended = SERVICES.map(async (service) => {
    let isReady = () => {};
    ready.push(
      new Promise((resolve) => {
        isReady = resolve;
      }),
    );
    for await (const set of discovery.watch(service, { signal })) if (set.length === INSTANCES_EACH) isReady();
  });
  return { ready: Promise.all(ready), ended: Promise.all(ended) };
}
