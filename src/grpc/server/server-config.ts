import type { CheckedServerConfig } from "../../config/check.js";
import { targetOfEtcd } from "../../config/schema/etcd-target.js";
import type { ServerConfig } from "../../config/schema/server-config.js";
import { SERVER_DEFAULTS, SHUTDOWN_DEFAULTS } from "../../defaults.js";
import type { Target } from "../../registry.js";
import { targetOf } from "../../target/given.js";
import type { OverloadOptions } from "./guard.js";

export type { ServerConfig } from "../../config/schema/server-config.js";

/** Milliseconds. */
export const DEFAULTS = { Timeout: SERVER_DEFAULTS.Timeout, ...SHUTDOWN_DEFAULTS } as const;

/** Where a server is to be listed; undefined where nothing says so. @param settings `registry` is a target URL. */
export function registryOf(
  { Etcd }: Pick<ServerConfig, "Etcd">,
  settings: { readonly registry?: string | undefined },
): Target | undefined {
  if (settings.registry) return targetOf(settings.registry);
  return Etcd && targetOfEtcd(Etcd).target;
}

/** Longest time that unary calls of a path may take, in milliseconds; 0 = no limit. */
export function timeouts({ Timeout, MethodTimeouts }: CheckedServerConfig): (path: string) => number {
  const byPath = new Map(MethodTimeouts.map(({ FullMethod, Timeout: limit }) => [FullMethod, limit]));
  return (path) => byPath.get(path) ?? Timeout;
}

/** As for go-zero, a server that is not in production refuses nothing because it is full. The first entry of a method counts. */
export function overloadOptions({
  Name,
  Mode,
  CpuThreshold,
  Middlewares,
  Methods,
}: CheckedServerConfig): OverloadOptions {
  return {
    name: Name,
    cpuThreshold: Mode === "pro" ? CpuThreshold : 0,
    breaker: Middlewares.Breaker,
    metrics: Middlewares.Prometheus,
    criticality: new Map([...Methods].reverse().map(({ FullMethod, Criticality }) => [FullMethod, Criticality])),
  };
}
