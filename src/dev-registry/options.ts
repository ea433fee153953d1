import { ServerCredentials } from "@grpc/grpc-js";
import { checkNames, refuse } from "../target/given.js";

export interface DevRegistryOptions {
  /** Address to listen on. Default 127.0.0.1. */
  host?: string | undefined;
  /** Default 0: a free one. etcd's own is 2379. */
  port?: number | undefined;
  /** TLS, as grpc-js' ServerCredentials.createSsl makes it. Default: none. */
  credentials?: ServerCredentials | undefined;
  /** Shorter leases are granted as if this long, in seconds. Default 2, as etcd by default; 1 makes tests faster. */
  minLeaseTtl?: number | undefined;
  /** How often idle watches that asked for it are told of progress, in milliseconds. Default 600,000, as etcd. */
  progressNotifyIntervalMs?: number | undefined;
  /** Revisions of history that are kept at least; at twice as many the older half is compacted away. Default 10,000. */
  keptRevisions?: number | undefined;
}

const NAMES = ["host", "port", "credentials", "minLeaseTtl", "progressNotifyIntervalMs", "keptRevisions"];

/** @throws TypeError that names the option and the expected form. */
export function checkOptions(options: DevRegistryOptions) {
  checkNames("startDevRegistry", options, NAMES);
  const { host = "127.0.0.1", port = 0, credentials, minLeaseTtl = 2 } = options;
  const { progressNotifyIntervalMs = 600_000, keptRevisions = 10_000 } = options;
  if (typeof host !== "string" || host === "") refuse("host", host, "an address of this machine");
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse("port", port, "a port, 0 for a free one");
  if (credentials !== undefined && !(credentials instanceof ServerCredentials))
    refuse("credentials", credentials, "what ServerCredentials.createSsl of this program's grpc-js returns");
  const counts = { minLeaseTtl, progressNotifyIntervalMs, keptRevisions };
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 1) refuse(name, count, "a whole number above 0");
  }
  return { host, port, credentials, ...counts };
}
