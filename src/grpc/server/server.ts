import * as grpc from "@grpc/grpc-js";
import { formatAddress, type HostPort } from "../../address.js";
import { endsWithin } from "../../async/time-limit.js";
import { registerBuiltInBackends } from "../../backends/index.js";
import { type CheckedServerConfig, checkServerConfig } from "../../config/check.js";
import { targetOfEtcd } from "../../config/schema/etcd-target.js";
import { parseListenAddress } from "../../config/schema/listen-address.js";
import { chooseAddress } from "../../lifecycle/advertise.js";
import type { Bound } from "../../lifecycle/bound.js";
import type { Served } from "../../lifecycle/served.js";
import { ServerLife } from "../../lifecycle/server-life.js";
import { log, setLogLevel } from "../../log.js";
import { silenceMinutes } from "../../observe/minute-log.js";
import type { Target } from "../../registry.js";
import { checkNames, refuse, targetOf } from "../../target/given.js";
import { ROLLCALL_SERVER } from "../identity.js";
import { authInterceptor } from "./auth/auth-interceptor.js";
import type { Authenticate, Authenticator } from "./auth/authenticator.js";
import { authenticatorOf } from "./auth/choose.js";
import { CallStats } from "./call-stats.js";
import { certificateIsRead } from "./certificates.js";
import { overloadProtection } from "./guard.js";
import { HEALTH_SERVICE, ServerHealth } from "./health-service.js";
import { ServedCalls } from "./served-calls.js";
import { DEFAULTS, overloadOptions, type ServerConfig, timeouts } from "./server-config.js";
import { ServiceServer } from "./service-server.js";
import { Watched } from "./watched.js";

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

/**
 * A host that vanishes closes no connection, and its health watches would be kept for ever. grpc-js pings nobody unless it
 * is told to. Milliseconds.
 */
const KEEPALIVE: grpc.ServerOptions = { "grpc.keepalive_time_ms": 300_000, "grpc.keepalive_timeout_ms": 20_000 };

/** How long the last statuses may take to reach the clients when time is up, in milliseconds. */
const FLUSH_MS = 500;

class ListedServer implements Server {
  readonly #config: CheckedServerConfig;
  readonly #credentials: grpc.ServerCredentials;
  readonly #server: ServiceServer;
  readonly #calls: ServedCalls;
  readonly #stats: CallStats;
  readonly #authenticator: Authenticator | undefined;
  readonly #built: Promise<unknown>;
  #health: ServerHealth | undefined;
  readonly #life: ServerLife;
  readonly #watched: Watched;
  /** The key it is listed under. */
  readonly #service: string | undefined;
  #port: number | undefined;
  #closed: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #starting: Promise<void> | undefined;

  constructor(config: CheckedServerConfig, build: (server: grpc.Server) => unknown, settings: ServerSettings) {
    const { WrapUpTime = DEFAULTS.WrapUpTime, WaitTime = DEFAULTS.WaitTime } = config.Shutdown ?? {};
    const listen = parseListenAddress(config.ListenOn);
    this.#config = config;
    this.#credentials = settings.credentials ?? grpc.ServerCredentials.createInsecure();
    this.#stats = new CallStats(config);
    this.#watched = new Watched(config);
    this.#calls = new ServedCalls({
      timeoutOf: timeouts(config),
      observed: { metrics: config.Middlewares.Prometheus, traces: config.Middlewares.Trace },
      onUnaryEnd: this.#stats.ended,
    });
    this.#authenticator = authenticatorOf(config, settings.authenticate);
    const guards = this.#authenticator ? [authInterceptor(this.#authenticator)] : [];
    const { interceptors = [], ...options } = settings.serverOptions ?? {};
    this.#server = new ServiceServer({
      ...KEEPALIVE,
      ...options,
      interceptors: [overloadProtection(overloadOptions(config)), this.#calls.interceptor, ...guards, ...interceptors],
    });
    const served: Served = {
      bind: () => this.#bind(listen),
      health: (serving) => this.#health?.set(serving ? "SERVING" : "NOT_SERVING"),
      close: () => this.#close(),
      kill: () => this.#kill(),
      facts: () => ({ name: config.Name, calls: this.#calls.size }),
      counts: () => this.#calls.counts,
    };
    const limits = { drainMs: WrapUpTime, waitMs: WaitTime };
    const registry = registryOf(config, settings);
    this.#service = registry?.service;
    this.#life = new ServerLife(registry, served, limits, settings.signals !== false);
    if (config.Log?.Level) setLogLevel(config.Log.Level);
    if (config.Log?.Stat === false) silenceMinutes();
    // Whatever it returns: an arrow function may well return something.
    this.#built = Promise.resolve(build(this.#server));
    // Told by start(), of a server that is never started by nobody.
    this.#built.catch(() => {});
  }

  get address(): string | undefined {
    return this.#life.address;
  }

  get port(): number | undefined {
    return this.#port;
  }

  get devServerPort(): number | undefined {
    return this.#watched.devServerPort;
  }

  start(): Promise<void> {
    if (this.#starting && this.#life.isOver)
      return Promise.reject(new Error("the server was stopped; create another one"));
    this.#starting ??= this.#start().catch(async (error) => {
      // A bound port must not keep Node alive, nor a connection to Redis.
      this.#server.forceShutdown();
      await this.#release();
      await this.#watched.close();
      throw error;
    });
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#life.stop().then(() => this.#watched.close());
    return this.#stopping;
  }

  pause(): Promise<void> {
    return this.#life.pause();
  }

  resume(): Promise<void> {
    return this.#life.resume();
  }

  /** What others see comes first and goes last: it tells of the start and of the stop. */
  async #start(): Promise<void> {
    // A start that has nothing to wait for can be paused and stopped in the same turn.
    if (this.#watched.isWanted) await this.#watched.start(() => this.#life.serves);
    await this.#life.start();
  }

  async #bind(listen: HostPort): Promise<Bound> {
    const { Name, Advertise, Weight, Zone, Metadata } = this.#config;
    await this.#built;
    this.#addHealth();
    await this.#authenticator?.open();
    const bound = await this.#server.listen(listen.host, listen.port, this.#credentials);
    await certificateIsRead(this.#credentials);
    this.#port = bound.port;
    this.#stats.start();
    const advertised = chooseAddress({ listenHost: bound.host, boundPort: bound.port, advertise: Advertise });
    log.info({ server: Name, listen: formatAddress(bound) }, "serving");
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

  #addHealth(): void {
    const { serviceNames } = this.#server;
    if (this.#config.Health === false || serviceNames.has(HEALTH_SERVICE)) return;
    const key = this.#service === undefined ? [] : [this.#service, ROLLCALL_SERVER];
    this.#health = new ServerHealth([...serviceNames, ...key]);
    this.#health.addTo(this.#server);
  }

  /** GOAWAY; resolves when what is in flight has ended, and been told. */
  #close(): Promise<void> {
    this.#closed = new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
    // Health watches never end by themselves, and they have said their last word.
    this.#calls.endAll("the server is stopping", `/${HEALTH_SERVICE}/`);
    return this.#closed.then(() => this.#release());
  }

  async #kill(): Promise<void> {
    const calls = this.#calls.endAll("the server is stopping and its time limit for calls in flight has passed");
    if (calls > 0) {
      log.warn({ server: this.#config.Name, calls }, "time is up: calls still in flight are ended with UNAVAILABLE");
    }
    if (this.#closed) await endsWithin(this.#closed, FLUSH_MS);
    this.#server.forceShutdown();
    await endsWithin(this.#release(), FLUSH_MS);
  }

  /** What is beside the serving. Never rejects. */
  async #release(): Promise<void> {
    this.#stats.stop();
    void this.#authenticator?.close();
    await this.#watched.sendSpans();
  }
}

/** Where a server is to be listed; undefined where nothing says so. */
export function registryOf(
  { Etcd }: Pick<ServerConfig, "Etcd">,
  { registry }: Pick<ServerSettings, "registry">,
): Target | undefined {
  if (registry) return targetOf(registry);
  return Etcd && targetOfEtcd(Etcd).target;
}
