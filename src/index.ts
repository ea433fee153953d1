export { type HostPort, parseAddress } from "./address.js";
export { ConfigError } from "./config/config-error.js";
export { loadConfig, readConfig } from "./config/load.js";
export { type RpcClientConfig, rpcClientConfig } from "./config/rpc-client-config.js";
export { type RpcServerConfig, rpcServerConfig } from "./config/rpc-server-config.js";
export { type CallContext, currentCall } from "./grpc/call-context.js";
export { type ChannelSettings, createChannel } from "./grpc/client/channel.js";
export { type ClientConstructor, type ClientSettings, createClient } from "./grpc/client/client.js";
export type { ClientConfig } from "./grpc/client/client-config.js";
export { createServer, type Server, type ServerSettings } from "./grpc/server/server.js";
export type { ServerConfig } from "./grpc/server/server-config.js";
export type { Instance } from "./instance.js";
export { type Logger, type LogLevel, setLogger, setLogLevel } from "./log.js";
export {
  type Backend,
  type Discovery,
  type Registrar,
  type Registration,
  registerBackend,
  type Target,
  type WatchOptions,
} from "./registry.js";
