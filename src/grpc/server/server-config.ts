import type { EtcdGiven } from "../../config/etcd-target.js";
import type { RpcServerConfig } from "../../config/rpc-server-config.js";
import { DRAIN_MS, WAIT_MS } from "../../lifecycle/limits.js";

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * How to serve and where to be listed: what `rpcServerConfig` reads, with the defaults that docs/configuration.md states
 * for what is left out.
 */
export type ServerConfig = Pick<RpcServerConfig, "ListenOn"> &
  Given<Omit<RpcServerConfig, "ListenOn" | "Etcd" | "Shutdown" | "Log">> & {
    readonly Etcd?: EtcdGiven | undefined;
    readonly Shutdown?: Given<RpcServerConfig["Shutdown"]> | undefined;
    readonly Log?: Given<RpcServerConfig["Log"]> | undefined;
  };

/** Milliseconds. */
export const DEFAULTS = { Timeout: 2_000, WrapUpTime: DRAIN_MS, WaitTime: WAIT_MS } as const;
