// Loaded with the program, in nobody's context, which is the one that background work runs in.
import "./async/detached.js";

export { type HostPort, parseAddress } from "./address.js";
export { type BackendLoader, registerBackend } from "./backends/table.js";
export { ConfigError } from "./config/config-error.js";
export { loadConfig, readConfig } from "./config/load.js";
export type { ClientConfig } from "./config/schema/client-target.js";
export { type RpcClientConfig, rpcClientConfig } from "./config/schema/rpc-client-config.js";
export { type RpcServerConfig, rpcServerConfig } from "./config/schema/rpc-server-config.js";
export type { TelemetrySettings } from "./config/schema/server-config.js";
export { type CallContext, currentCall } from "./grpc/call-context.js";
export { type ChannelSettings, channelOf, createChannel, type ObservedChannel } from "./grpc/client/channel.js";
export { type ClientConstructor, type ClientSettings, createClient } from "./grpc/client/client.js";
export { withHashKey } from "./grpc/hash-key.js";
export type { Authenticate, Credential } from "./grpc/server/auth/authenticator.js";
export { type OverloadOptions, overloadProtection } from "./grpc/server/guard.js";
export { ServerHealth, type ServingStatus } from "./grpc/server/health-service.js";
export { createServer, type Server, type ServerSettings } from "./grpc/server/server.js";
export type { ServerConfig } from "./grpc/server/server-config.js";
export { startTelemetry } from "./grpc/telemetry.js";
export type { Instance } from "./instance.js";
export type { InstanceToRegister } from "./lifecycle/instance-to-register.js";
export { type RegisteredInstance, type RegisterOptions, registerInstance } from "./lifecycle/register-instance.js";
export { type Logger, type LogLevel, setLogger, setLogLevel } from "./log.js";
export type { ComparedInstance, Decision, SetAside } from "./observe/decisions/decision.js";
export { inspect } from "./observe/inspect/inspect.js";
export { type DevServer, type DevServerSettings, serveDevServer } from "./observe/metrics/dev-server.js";
export type { CalledInstance, CalledService } from "./observe/state.js";
export type { Telemetry } from "./observe/telemetry/telemetry.js";
export type {
  Backend,
  Discovery,
  Registrar,
  Registration,
  Target,
  TargetParts,
  WatchOptions,
} from "./registry.js";
export type { TargetForm } from "./target/forms.js";
