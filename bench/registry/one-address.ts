import { monitorEventLoopDelay } from "node:perf_hooks";
import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { BareEtcd } from "./bare.js";
import { inParallel, print, since } from "./figures.js";

const KEYS = 40_000;

/**
 * A service with very many keys of one address (a server that registers anew and anew without a lease), beside one with as
 * many addresses: how long the first set takes, and how long the event loop stood still meanwhile, at worst.
 */
export async function oneAddress({ endpoint }: Etcd): Promise<void> {
  const writer = new BareEtcd(endpoint);
  const ids = Array.from({ length: KEYS }, (_, i) => i);
  await inParallel(ids, 256, (i) => writer.put(`one.rpc/${i}`, "10.0.0.1:80"));
  await inParallel(ids, 256, (i) => writer.put(`many.rpc/${i}`, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:80`));
  writer.close();
  for (const service of ["many.rpc", "one.rpc"]) {
    const { instances, ms, stoodMs } = await firstSet(endpoint, service);
    print(
      `${KEYS} keys of ${instances === 1 ? "one address" : `${instances} addresses`}`,
      `first set after ${ms.toFixed(0)} ms, the event loop stood still for ${stoodMs.toFixed(0)} ms at most`,
    );
  }
}

async function firstSet(endpoint: string, service: string) {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const began = performance.now();
  const { signal } = new AbortController();
  let instances = 0;
  for await (const set of new EtcdDiscovery({ hosts: [endpoint] }).watch(service, { signal })) {
    instances = set.length;
    break;
  }
  const ms = since(began);
  delay.disable();
  return { instances, ms, stoodMs: delay.max / 1e6 };
}
