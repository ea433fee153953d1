import type { EtcdGiven, Given } from "./etcd-target.js";
import type { RpcServerConfig } from "./rpc-server-config.js";

/**
 * How to serve and where to be listed: what `rpcServerConfig` reads, with the defaults that docs/configuration.md states
 * for what is left out. Durations are milliseconds.
 */
export type ServerConfig = Pick<RpcServerConfig, "ListenOn"> &
  Given<
    Omit<RpcServerConfig, "ListenOn" | "Etcd" | "Shutdown" | "Log" | "Middlewares" | "DevServer" | "Prometheus">
  > & {
    readonly Etcd?: EtcdGiven | undefined;
    readonly Shutdown?: Given<RpcServerConfig["Shutdown"]> | undefined;
    readonly Middlewares?: Given<RpcServerConfig["Middlewares"]> | undefined;
    readonly Log?: Given<RpcServerConfig["Log"]> | undefined;
    readonly DevServer?: Given<NonNullable<RpcServerConfig["DevServer"]>> | undefined;
    readonly Prometheus?: Given<NonNullable<RpcServerConfig["Prometheus"]>> | undefined;
  };
