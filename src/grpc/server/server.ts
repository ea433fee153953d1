import * as grpc from "@grpc/grpc-js";
import { formatAddress, type HostPort } from "../../address.js";
import { registerBuiltInBackends } from "../../backends/index.js";
import { checkServerConfig } from "../../config/check.js";
import { targetOfEtcd } from "../../config/etcd-target.js";
import { parseListenAddress } from "../../config/listen-address.js";
import { SERVER_DEFAULTS } from "../../defaults.js";
import { chooseAddress } from "../../lifecycle/advertise.js";
import type { Bound } from "../../lifecycle/bound.js";
import { type Served, ServerLife } from "../../lifecycle/server-life.js";
import { endsWithin } from "../../lifecycle/time-limit.js";
import { log, setLogLevel } from "../../log.js";
import type { Target } from "../../registry.js";
import { parseTargetUrl } from "../../target/parse.js";
import { type OverloadOptions, overloadProtection } from "./guard.js";
import { HEALTH_SERVICE, ServerHealth } from "./health-service.js";
import { ServedCalls } from "./served-calls.js";
import { DEFAULTS, type ServerConfig } from "./server-config.js";
import { ServiceServer } from "./service-server.js";

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
}

/** A gRPC server that is listed while, and only while, it serves. */
export interface Server {
  /**
   * Binds, reports SERVING, registers. A registry that cannot be reached, or that refuses for a reason that may pass, does
   * not fail it: registering goes on. Resolves without serving when the server is stopped meanwhile. Later calls return
   * the first promise.
   * @throws Error when the port cannot be bound, the registry is misconfigured or the server was stopped before.
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
}

/**
 * A server of the services that `build` adds, with grpc.health.v1 beside them:
 * `createServer(config, (s) => s.addService(CartService, cart))`.
 * @throws TypeError when the config is malformed.
 */
export function createServer(
  config: ServerConfig,
  build: (server: grpc.Server) => void,
  settings: ServerSettings = {},
): Server {
  return new ListedServer(checkServerConfig(config), build, settings);
}

/**
 * A host that vanishes closes no connection, and its health watches would be kept for ever. grpc-js pings nobody unless it
 * is told to. Milliseconds.
 */
const KEEPALIVE: grpc.ServerOptions = { "grpc.keepalive_time_ms": 300_000, "grpc.keepalive_timeout_ms": 20_000 };

/** How long the last statuses may take to reach the clients when time is up, in milliseconds. */
const FLUSH_MS = 500;

class ListedServer implements Server {
  readonly #config: ServerConfig;
  readonly #credentials: grpc.ServerCredentials;
  readonly #server: ServiceServer;
  readonly #calls: ServedCalls;
  readonly #health: ServerHealth | undefined;
  readonly #life: ServerLife;
  #port: number | undefined;
  #closed: Promise<void> | undefined;
  #starting: Promise<void> | undefined;

  constructor(config: ServerConfig, build: (server: grpc.Server) => void, settings: ServerSettings) {
    const { WrapUpTime = DEFAULTS.WrapUpTime, WaitTime = DEFAULTS.WaitTime } = config.Shutdown ?? {};
    const listen = parseListenAddress(config.ListenOn);
    this.#config = config;
    this.#credentials = settings.credentials ?? grpc.ServerCredentials.createInsecure();
    this.#calls = new ServedCalls({ timeoutOf: timeouts(config) });
    const { interceptors = [], ...options } = settings.serverOptions ?? {};
    this.#server = new ServiceServer({
      ...KEEPALIVE,
      ...options,
      interceptors: [overloadProtection(overloadOptions(config)), this.#calls.interceptor, ...interceptors],
    });
    const served: Served = {
      bind: () => this.#bind(listen),
      health: (serving) => this.#health?.set(serving ? "SERVING" : "NOT_SERVING"),
      close: () => this.#close(),
      kill: () => this.#kill(),
      facts: () => ({ name: config.Name, calls: this.#calls.size }),
    };
    const limits = { drainMs: WrapUpTime, waitMs: WaitTime };
    this.#life = new ServerLife(registryOf(config, settings), served, limits, settings.signals !== false);
    if (config.Log?.Level) setLogLevel(config.Log.Level);
    build(this.#server);
    if (config.Health !== false && !this.#server.serviceNames.has(HEALTH_SERVICE)) {
      this.#health = new ServerHealth(this.#server.serviceNames);
      this.#health.addTo(this.#server);
    }
  }

  get address(): string | undefined {
    return this.#life.address;
  }

  get port(): number | undefined {
    return this.#port;
  }

  start(): Promise<void> {
    this.#starting ??= this.#life.start().catch((error) => {
      // A bound port must not keep Node alive.
      this.#server.forceShutdown();
      throw error;
    });
    return this.#starting;
  }

  stop(): Promise<void> {
    return this.#life.stop();
  }

  pause(): Promise<void> {
    return this.#life.pause();
  }

  resume(): Promise<void> {
    return this.#life.resume();
  }

  async #bind(listen: HostPort): Promise<Bound> {
    const { Name, Advertise, Weight, Zone, Metadata } = this.#config;
    const bound = await this.#server.listen(listen.host, listen.port, this.#credentials);
    this.#port = bound.port;
    const advertised = chooseAddress({ listenHost: bound.host, boundPort: bound.port, advertise: Advertise });
    log.info({ name: Name, listen: formatAddress(bound) }, "serving");
    return {
      instance: {
        address: formatAddress(advertised),
        ...(Weight !== undefined && { weight: Weight }),
        ...(Zone !== undefined && { zone: Zone }),
        ...(Metadata !== undefined && { metadata: Metadata }),
      },
      advertised,
    };
  }

  /** GOAWAY; resolves when what is in flight has ended. */
  #close(): Promise<void> {
    this.#closed = new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
    // Health watches never end by themselves, and they have said their last word.
    this.#calls.endAll("the server is stopping", `/${HEALTH_SERVICE}/`);
    return this.#closed;
  }

  async #kill(): Promise<void> {
    const calls = this.#calls.endAll("the server is stopping and its time limit for calls in flight has passed");
    log.warn({ name: this.#config.Name, calls }, "time is up: calls still in flight are ended with UNAVAILABLE");
    if (this.#closed) await endsWithin(this.#closed, FLUSH_MS);
    this.#server.forceShutdown();
  }
}

function registryOf({ Etcd }: ServerConfig, { registry }: ServerSettings): Target | undefined {
  if (registry) return parseTargetUrl(registry);
  return Etcd && targetOfEtcd(Etcd).target;
}

/** As for go-zero, a server that is not in production refuses nothing because it is full. */
function overloadOptions({ Name, Mode, CpuThreshold, Middlewares, Methods = [] }: ServerConfig): OverloadOptions {
  return {
    name: Name,
    cpuThreshold: (Mode ?? SERVER_DEFAULTS.Mode) === "pro" ? CpuThreshold : 0,
    breaker: Middlewares?.Breaker,
    shed: new Map([...Methods].reverse().map(({ FullMethod, Shed }) => [FullMethod, Shed])),
  };
}

function timeouts({ Timeout = DEFAULTS.Timeout, MethodTimeouts = [] }: ServerConfig): (path: string) => number {
  const byPath = new Map(MethodTimeouts.map(({ FullMethod, Timeout: limit }) => [FullMethod, limit]));
  return (path) => byPath.get(path) ?? Timeout;
}
