import { hostname } from "node:os";
import { formatAddress } from "./address.js";
import type { ProcessFacts } from "./backends/etcd/index.js";
import { chooseAddress } from "./lifecycle/advertise.js";
import { log } from "./log.js";
import { processName } from "./observe/collect.js";
import { metricsEndpoints, servers } from "./observe/sources.js";
import type { Target } from "./registry.js";

/**
 * Says in the target's registry, which is etcd, that this process calls its service, until the returned function is called.
 * Nothing waits for it, and it fails no call.
 */
export function announceClient(target: Target): () => void {
  let ended = false;
  let end: (() => Promise<void>) | undefined;
  import("./backends/etcd/index.js")
    .then(({ announceCalls, etcdSettings }) => {
      if (!ended) end = announceCalls(etcdSettings(target), target.service, processFacts);
    })
    .catch((error: Error) => {
      log.warn({ service: target.service, err: error }, `Presence cannot be obeyed: ${error.message}`);
    });
  return () => {
    ended = true;
    void end?.();
  };
}

function processFacts(): ProcessFacts {
  const serves = [...servers].map((server) => server.state());
  return {
    name: processName(serves),
    host: hostname(),
    pid: process.pid,
    startedAt: Math.round(performance.timeOrigin),
    serves: serves.flatMap(({ service, address }) => (service && address ? [{ service, address }] : [])),
    metrics: [...metricsEndpoints].flatMap(metricsUrl),
  };
}

/** Under an address that others reach; nothing where the machine has none. */
function metricsUrl({ host: listenHost, port, path }: { host: string; port: number; path: string }): string[] {
  try {
    const address = chooseAddress({ listenHost, boundPort: port });
    return [`http://${formatAddress(address)}${path}`];
  } catch {
    return [];
  }
}
