import type { EtcdGiven, Given } from "./etcd-target.js";
import type { RedisConfig } from "./redis-config.js";
import type { RpcServerConfig } from "./rpc-server-config.js";
import type { TelemetryConfig } from "./telemetry-config.js";

/** Where spans go: go-zero's Telemetry. */
export type TelemetrySettings = Given<TelemetryConfig>;

type ServerMiddlewares = RpcServerConfig["Middlewares"];

/**
 * How to serve and where to be listed: what `rpcServerConfig` reads, with the defaults that docs/configuration.md states
 * for what is left out. Durations are milliseconds.
 */
export type ServerConfig = Pick<RpcServerConfig, "ListenOn"> &
  Given<
    Omit<
      RpcServerConfig,
      "ListenOn" | "Etcd" | "Shutdown" | "Log" | "DevServer" | "Prometheus" | "Redis" | "Middlewares" | "Telemetry"
    >
  > & {
    readonly Etcd?: EtcdGiven | undefined;
    readonly Shutdown?: Given<RpcServerConfig["Shutdown"]> | undefined;
    readonly Log?: Given<RpcServerConfig["Log"]> | undefined;
    readonly Middlewares?:
      | (Given<Omit<ServerMiddlewares, "StatConf">> & {
          readonly StatConf?: Given<ServerMiddlewares["StatConf"]> | undefined;
        })
      | undefined;
    readonly Redis?: (Given<RedisConfig> & Pick<RedisConfig, "Host" | "Key">) | undefined;
    readonly DevServer?: Given<NonNullable<RpcServerConfig["DevServer"]>> | undefined;
    readonly Telemetry?: TelemetrySettings | undefined;
    readonly Prometheus?: Given<NonNullable<RpcServerConfig["Prometheus"]>> | undefined;
  };
