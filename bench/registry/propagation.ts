import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { BareEtcd } from "./bare.js";
import { print, quantile, since } from "./figures.js";

const KEYS = 1_000;
const TARGET = 1.3;

/** From writing a key to the set that has it, beside a bare watch of the same key. */
export async function propagation({ endpoint }: Etcd): Promise<void> {
  const writer = new BareEtcd(endpoint);
  const watcher = new BareEtcd(endpoint);
  const abort = new AbortController();
  const seenBy = { rollcall: (_address: string) => {}, bare: (_address: string) => {} };
  await writer.put("spread.rpc/0", "10.0.0.0:80");
  const ready = new Promise<void>((resolve) => {
    void (async () => {
      for await (const set of new EtcdDiscovery({ hosts: [endpoint] }).watch("spread.rpc", { signal: abort.signal })) {
        seenBy.rollcall(set.at(-1)!.address);
        resolve();
      }
    })();
  });
  await watcher.watch("spread.rpc", (address) => seenBy.bare(address));
  await ready;

  const took = { rollcall: [] as number[], bare: [] as number[] };
  for (let i = 0; i < KEYS; i++) {
    const address = `10.1.${i >> 8}.${i & 255}:80`;
    const began = performance.now();
    const seen = (who: "rollcall" | "bare") =>
      new Promise<void>((resolve) => {
        seenBy[who] = (one) => {
          if (one !== address) return;
          took[who].push(since(began));
          resolve();
        };
      });
    await Promise.all([seen("rollcall"), seen("bare"), writer.put(`spread.rpc/${i + 1}`, address)]);
  }
  for (const [name, share] of [
    ["median", 0.5],
    ["p99", 0.99],
  ] as const) {
    const [ours, bare] = [quantile(took.rollcall, share), quantile(took.bare, share)];
    print(
      `key written to set yielded, ${name}`,
      `${ours.toFixed(2)} ms, bare watch ${bare.toFixed(2)} ms: ${(ours / bare).toFixed(2)} (${KEYS} keys, target ${TARGET})`,
    );
  }
  abort.abort();
  writer.close();
  watcher.close();
}
