import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import { setLogLevel } from "../../src/index.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { BareEtcd } from "./bare.js";
import { inParallel, print, since } from "./figures.js";
import { SlowLink } from "./slow-link.js";

const VALUES = 45;
const VALUE_BYTES = 900_000;
const LINK_BYTES_PER_SECOND = 5_000_000;
const SERVICES = ["small-a.rpc", "large.rpc", "small-b.rpc"];

/** Values too long to be instances: they are read, and skipped. A service of 40 MB beside two small ones, read over a slow network; beside bare Range calls for the same. */
export async function largeService({ endpoint }: Etcd): Promise<void> {
  setLogLevel("silent"); // a line for each value that is skipped
  const writer = new BareEtcd(endpoint);
  const padding = "x".repeat(VALUE_BYTES);
  const value = (address: string, pad: string) => JSON.stringify({ Op: 0, Addr: address, Metadata: { pad } });
  const large = Array.from({ length: VALUES }, (_, i) => `10.0.1.${i}:80`);
  await inParallel(large, 4, (address) => writer.put(`large.rpc/${address}`, value(address, padding)));
  for (const small of ["small-a.rpc", "small-b.rpc"]) await writer.put(`${small}/1`, "10.0.0.1:80");
  writer.close();

  {
    await using link = await SlowLink.start(endpoint, LINK_BYTES_PER_SECOND);
    const bare = new BareEtcd(link.endpoint);
    const began = performance.now();
    const tookMs = await Promise.all(SERVICES.map((service) => bare.range(service).then(() => since(began))));
    bare.close();
    report("a 40 MB service on 5 MB/s, bare Range calls", tookMs);
  }
  {
    await using link = await SlowLink.start(endpoint, LINK_BYTES_PER_SECOND);
    const abort = new AbortController();
    const discovery = new EtcdDiscovery({ hosts: [link.endpoint] });
    const began = performance.now();
    const first = async (service: string) => {
      for await (const _ of discovery.watch(service, { signal: abort.signal })) return since(began);
      return Number.NaN;
    };
    const tookMs = await Promise.all(SERVICES.map(first));
    abort.abort();
    report("a 40 MB service on 5 MB/s, discovery", tookMs);
  }
  setLogLevel("error");
}

function report(what: string, [a, large, b]: readonly number[]): void {
  const small = `${(Math.min(a!, b!) / 1_000).toFixed(1)} and ${(Math.max(a!, b!) / 1_000).toFixed(1)} s`;
  print(what, `the small ones ready after ${small}, the large one after ${(large! / 1_000).toFixed(1)} s`);
}
