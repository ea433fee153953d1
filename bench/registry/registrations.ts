import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { etcdctl } from "../../test/support/real-parts/etcdctl.js";
import { BareEtcd } from "./bare.js";
import { metric, print, ratios, since } from "./figures.js";

const REGISTRATIONS = 500;
const ROUNDS = 5;

/** Registrations by one process, all at once, beside as many bare puts. */
export async function registrations({ endpoint, metricsUrl }: Etcd): Promise<void> {
  const addresses = Array.from({ length: REGISTRATIONS }, (_, i) => `10.0.${i >> 8}.${i & 255}:80`);
  const found: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bare = new BareEtcd(endpoint);
    const bareBegan = performance.now();
    await Promise.all(addresses.map((address, i) => bare.put(`bare.rpc/${i}`, address)));
    const bareMs = since(bareBegan);
    bare.close();

    const before = await metric(metricsUrl, "process_open_fds");
    const began = performance.now();
    const registered = await Promise.all(
      addresses.map((address, i) => new EtcdRegistrar({ hosts: [endpoint] }).register(`many-${i}.rpc`, { address })),
    );
    const ms = since(began);
    found.push(ms / bareMs);
    if (round === 0) {
      const leases = /found (\d+)/.exec(await etcdctl(endpoint, "lease", "list"))?.[1];
      const connections = (await metric(metricsUrl, "process_open_fds")) - before;
      const streams = await metric(metricsUrl, "etcd_debugging_mvcc_watch_stream_total");
      print(
        `${REGISTRATIONS} registrations`,
        `${ms.toFixed(0)} ms; ${leases} lease, ${streams} watch stream, open files ${connections >= 0 ? "+" : ""}${connections}`,
      );
    }
    await Promise.all(registered.map((registration) => registration.deregister()));
  }
  print(`${REGISTRATIONS} registrations to as many bare puts`, ratios(found));
}
