import { promisify } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { formatAddress, isWildcardHost } from "../address.js";
import { log } from "../log.js";
import {
  AuthService,
  ClusterService,
  KVService,
  LeaseService,
  MaintenanceService,
  WatchService,
} from "../proto/etcd-services.js";
import { authService, clusterService, maintenanceService } from "./cluster-service.js";
import { Admission } from "./faults/admission.js";
import { FaultProxy } from "./faults/fault-proxy.js";
import { createFaults, type Faults } from "./faults/faults.js";
import { Identity } from "./identity.js";
import { prefixRange, toKey } from "./key-range.js";
import { kvService } from "./kv/kv-service.js";
import { leaseService } from "./lease-service.js";
import { Leases } from "./leases.js";
import { checkOptions } from "./options.js";
import { Store } from "./store.js";
import { WatchStreams } from "./watch/watch-service.js";

export type { Credentials } from "./access.js";
export type { Faults } from "./faults/faults.js";

export interface DevRegistryOptions {
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** Default 0: a free one. etcd's own is 2379. */
  port?: number;
  /** TLS, as grpc-js' ServerCredentials.createSsl makes it. Default: none. */
  credentials?: ServerCredentials;
  /** Shorter leases are granted as if this long, in seconds. Default 2, as etcd by default; 1 makes tests faster. */
  minLeaseTtl?: number;
  /** How often idle watches that asked for it are told of progress, in milliseconds. Default 600,000, as etcd. */
  progressNotifyIntervalMs?: number;
  /** Revisions of history that are kept at least; older ones are compacted away by itself. Default 10,000. */
  keptRevisions?: number;
}

export interface DevRegistry {
  /** `host:port`, as it stands in `Etcd.Hosts` or in a target URL. */
  readonly endpoint: string;
  /** What can be made to go wrong. */
  readonly faults: Faults;
  /** Writes a key, as an operator with etcdctl would; also while clients are cut off. The key belongs to no lease. */
  put(key: string, value: string | Buffer): void;
  /** Deletes a key, or all keys that begin with it. Returns how many there were. */
  delete(key: string, options?: { prefix?: boolean }): number;
  /** All keys with this prefix, in order, with their values. */
  list(prefix?: string): Map<string, string>;
  /** Ends everything; no handle stays. */
  close(): Promise<void>;
}

/** etcd's limit of a request, and the half mebibyte by which it lets a message exceed it. */
const MAX_MESSAGE_BYTES = (1.5 + 0.5) * 1024 * 1024;

/**
 * Starts an etcd of one node that lives in this process' memory: the v3 API, for demos and tests. Never for production:
 * nothing is stored, nobody is asked for a password, and it ends with the process.
 * Rejects when the address cannot be listened on, and for options that cannot be obeyed.
 */
export async function startDevRegistry(options: DevRegistryOptions = {}): Promise<DevRegistry> {
  checkOptions(options);
  const { port = 0, credentials = ServerCredentials.createInsecure() } = options;
  // Node takes an IPv6 address without the brackets that it may have as in a URL.
  const host = (options.host ?? "127.0.0.1").replace(/^\[|\]$/g, "");
  const store = new Store(options.keptRevisions ?? 10_000);
  const leases = new Leases(store, options.minLeaseTtl ?? 2);
  const identity = new Identity();
  const admission = new Admission();
  const watches = new WatchStreams(admission, identity, store, options.progressNotifyIntervalMs ?? 600_000);

  const server = new Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  server.addService(KVService, kvService(admission, identity, store, leases));
  server.addService(LeaseService, leaseService(admission, identity, store, leases));
  server.addService(WatchService, watches.implementation);
  server.addService(
    ClusterService,
    clusterService(admission, identity, () => url),
  );
  server.addService(MaintenanceService, maintenanceService(admission, identity, store));
  server.addService(AuthService, authService(admission, identity, store));

  const faultProxy = new FaultProxy(await promisify(server.bindAsync.bind(server))("127.0.0.1:0", credentials));
  const close = async () => {
    leases.clear();
    watches.close();
    await faultProxy.close();
    server.forceShutdown();
  };
  try {
    await faultProxy.listen(host, port);
  } catch (error) {
    await close();
    throw error;
  }
  const reachable = isWildcardHost(host) ? "127.0.0.1" : host;
  const endpoint = formatAddress({ host: reachable, port: faultProxy.port });
  const url = `${options.credentials ? "https" : "http"}://${endpoint}`;
  log.info({ endpoint }, "dev registry started: one node, in memory only, for demos and tests, never for production");

  return {
    endpoint,
    faults: createFaults({ admission, identity, store, leases, watches, faultProxy }),
    put: (key, value) => {
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      store.transaction(() => store.put(utf8Key(key), bytes, 0n));
    },
    delete: (key, { prefix = false } = {}) => {
      const from = utf8Key(key);
      const range = prefix ? prefixRange(from) : { from, to: `${from}\0` };
      return store.transaction(() => store.delete(range)).length;
    },
    list: (prefix = "") =>
      new Map(store.range(prefixRange(utf8Key(prefix))).map(({ key, value }) => [String(key), String(value)])),
    close,
  };
}

function utf8Key(key: string): string {
  return toKey(Buffer.from(key));
}
