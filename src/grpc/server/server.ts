import type * as grpc from "@grpc/grpc-js";
import { registerBuiltInBackends } from "../../backends/index.js";
import { checkServerConfig } from "../../config/check.js";
import { checkNames, refuse } from "../../target/given.js";
import type { Authenticate } from "./auth/authenticator.js";
import { ListedServer } from "./listed-server.js";
import type { ServerConfig } from "./server-config.js";

registerBuiltInBackends();

export interface ServerSettings {
  /** Default insecure. */
  readonly credentials?: grpc.ServerCredentials | undefined;
  /** Options of the grpc.Server, further interceptors among them. Clients are pinged every five minutes by default. */
  readonly serverOptions?: grpc.ServerOptions | undefined;
  /** Stop gracefully on SIGTERM and SIGINT. Default true. */
  readonly signals?: boolean | undefined;
  /** Target URL of the registry and the key to register under, for backends other than etcd; replaces config.Etcd. */
  readonly registry?: string | undefined;
  /**
   * Says whether a caller with this `app` and `token` (metadata, both there) may call this path; false refuses with
   * UNAUTHENTICATED, a throw with INTERNAL. Asked for each call but those of health; replaces config.Redis. Default nobody is
   * asked; with `Auth: false` in the config neither.
   */
  readonly authenticate?: Authenticate | undefined;
}

const SETTINGS = ["credentials", "serverOptions", "signals", "registry", "authenticate"];

/** A gRPC server that is listed while, and only while, it serves. */
export interface Server {
  /**
   * Binds, reports SERVING, registers. A registry that cannot be reached, or that refuses for a reason that may pass, does
   * not fail it: registering goes on. Resolves without serving when the server is stopped meanwhile. Later calls return
   * the first promise.
   * @throws Error when the port cannot be bound, TLS files cannot be read, the registry is misconfigured, `build` has failed or the server
   * was stopped before.
   */
  start(): Promise<void>;
  /**
   * Deregisters, reports NOT_SERVING, keeps answering for Shutdown.WrapUpTime so that every client has seen it, sends
   * GOAWAY and lets calls finish; what has not ended Shutdown.WaitTime after the beginning ends with UNAVAILABLE. Never
   * rejects; later calls return the first promise.
   */
  stop(): Promise<void>;
  /**
   * Takes the server out of rotation without stopping it: deregisters and reports NOT_SERVING; calls that come all the
   * same are answered. Waits for start(). Idempotent.
   * @throws Error when the server is not started, or is stopped.
   */
  pause(): Promise<void>;
  /**
   * Puts it back. Idempotent.
   * @throws Error as pause(), and when the registry refuses for good; the server then stays paused.
   */
  resume(): Promise<void>;
  /** `host:port` as registered; undefined before it is bound. */
  readonly address: string | undefined;
  /** The port bound; undefined before. */
  readonly port: number | undefined;
  /** The port that DevServer is bound to; undefined without one. */
  readonly devServerPort: number | undefined;
}

/**
 * A server of the services that `build` adds, with grpc.health.v1 beside them:
 * `createServer(config, (s) => s.addService(CartService, cart))`. Where `build` returns a promise, start() waits for it.
 * @throws TypeError when the config is malformed, or a setting is not known.
 */
export function createServer(
  config: ServerConfig,
  build: (server: grpc.Server) => unknown,
  settings: ServerSettings = {},
): Server {
  checkNames("createServer", settings, SETTINGS);
  if (typeof build !== "function") refuse("createServer's second argument", build, "a function that adds services");
  return new ListedServer(checkServerConfig(config), build, settings);
}
