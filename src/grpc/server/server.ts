import * as grpc from "@grpc/grpc-js";
import { formatAddress } from "../../address.js";
import { sleep } from "../../async/backoff.js";
import { checkServerConfig } from "../../config/check.js";
import { targetOfEtcd } from "../../config/etcd-target.js";
import { parseListenAddress } from "../../config/listen-address.js";
import type { Instance } from "../../instance.js";
import { advertisedAddress, isLoopbackAbroad } from "../../lifecycle/advertise.js";
import { Listing } from "../../lifecycle/listing.js";
import { type Stoppable, stopOnSignals } from "../../lifecycle/signals.js";
import { log, setLogLevel } from "../../log.js";
import type { Target } from "../../registry.js";
import { parseTargetUrl } from "../../target/parse.js";
import { HEALTH_SERVICE, ServerHealth } from "./health-service.js";
import { ServedCalls } from "./served-calls.js";
import { DEFAULTS, type ServerConfig } from "./server-config.js";
import { ServiceServer } from "./service-server.js";
import "../register.js";

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

class ListedServer implements Server, Stoppable {
  readonly #config: ServerConfig;
  readonly #settings: ServerSettings;
  readonly #listen: { host: string; port: number };
  readonly #server: ServiceServer;
  readonly #calls: ServedCalls;
  readonly #health: ServerHealth | undefined;
  readonly #target: Target | undefined;
  readonly #listing: Listing | undefined;
  readonly #stopped = new AbortController();
  #instance: Instance | undefined;
  #port: number | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Start, pauses and resumes, one after the other. */
  #turns: Promise<void> = Promise.resolve();
  /** Whether clients may have been told to call. */
  #inRotation = false;
  #leaveSignals = (): void => {};

  constructor(config: ServerConfig, build: (server: grpc.Server) => void, settings: ServerSettings) {
    this.#config = config;
    this.#settings = settings;
    this.#listen = parseListenAddress(config.ListenOn);
    this.#target = registryOf(config, settings);
    this.#listing = this.#target && new Listing(this.#target);
    this.#calls = new ServedCalls({ timeoutOf: timeouts(config) });
    const { interceptors = [], ...options } = settings.serverOptions ?? {};
    this.#server = new ServiceServer({
      ...KEEPALIVE,
      ...options,
      interceptors: [this.#calls.interceptor, ...interceptors],
    });
    if (config.Log?.Level) setLogLevel(config.Log.Level);
    build(this.#server);
    if (config.Health !== false && !this.#server.serviceNames.has(HEALTH_SERVICE)) {
      this.#health = new ServerHealth(this.#server.serviceNames);
      this.#health.addTo(this.#server);
    }
  }

  get address(): string | undefined {
    return this.#instance?.address;
  }

  get port(): number | undefined {
    return this.#port;
  }

  start(): Promise<void> {
    if (!this.#starting) {
      this.#starting = this.#start();
      this.#turns = this.#starting.catch(() => {});
    }
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  kill(): void {
    this.#server.forceShutdown();
  }

  pause(): Promise<void> {
    return this.#turn(async () => {
      if (!this.#inRotation) return;
      await this.#leave();
      log.info({ name: this.#config.Name, instance: this.address }, "paused");
    });
  }

  resume(): Promise<void> {
    return this.#turn(async () => {
      if (this.#inRotation) return;
      try {
        await this.#enter();
      } catch (error) {
        await this.#leave();
        throw error;
      }
      log.info({ name: this.#config.Name, instance: this.address }, "resumed");
    });
  }

  async #start(): Promise<void> {
    if (this.#stopping) throw new Error("the server was stopped before it was started; create another one");
    if (this.#settings.signals !== false) this.#leaveSignals = stopOnSignals(this);
    try {
      await this.#bind();
      if (!this.#stopping) await this.#enter();
    } catch (error) {
      // When it is stopped while it starts, stop() does the rest.
      if (this.#stopping) return;
      this.#leaveSignals();
      this.#health?.set("NOT_SERVING");
      // A bound port must not keep Node alive.
      this.#server.forceShutdown();
      throw error;
    }
  }

  async #bind(): Promise<void> {
    const { host, port } = this.#listen;
    const { credentials = grpc.ServerCredentials.createInsecure() } = this.#settings;
    this.#port = await this.#server.listen(host, port, credentials);
    this.#instance = this.#describe(this.#port);
    if (this.#target && isLoopbackAbroad(this.#instance.address, this.#target.hosts)) {
      log.warn(
        { instance: this.#instance.address, registry: this.#target.hosts },
        "a loopback address is registered where others read it: set Advertise, or ListenOn to an address they can reach",
      );
    }
    log.info({ name: this.#config.Name, listen: formatAddress({ host: host || "::", port: this.#port }) }, "serving");
  }

  /** Healthy first, then listed: only what serves is listed. */
  async #enter(): Promise<void> {
    this.#inRotation = true;
    this.#health?.set("SERVING");
    await this.#listing?.enter(this.#instance!, this.#stopped.signal);
  }

  /** No longer listed first, so that clients have somewhere else to go. */
  async #leave(): Promise<void> {
    await this.#listing?.leave();
    this.#health?.set("NOT_SERVING");
    this.#inRotation = false;
  }

  #describe(boundPort: number): Instance {
    const { Advertise, Weight, Zone, Metadata } = this.#config;
    return {
      address: advertisedAddress({ listenHost: this.#listen.host, boundPort, advertise: Advertise }),
      ...(Weight !== undefined && { weight: Weight }),
      ...(Zone !== undefined && { zone: Zone }),
      ...(Metadata !== undefined && { metadata: Metadata }),
    };
  }

  async #turn(turn: () => Promise<void>): Promise<void> {
    const check = () => {
      if (!this.#starting || this.#stopping) {
        throw new Error("only a server that is started and not stopped can be paused or resumed");
      }
    };
    check();
    const turned = this.#turns.then(() => {
      check();
      return turn();
    });
    this.#turns = turned.catch(() => {});
    return turned;
  }

  async #stop(): Promise<void> {
    const { WrapUpTime = DEFAULTS.WrapUpTime, WaitTime = DEFAULTS.WaitTime } = this.#config.Shutdown ?? {};
    const began = performance.now();
    const name = this.#config.Name;
    this.#stopped.abort(new Error("the server is stopping"));
    await this.#turns;
    if (this.#inRotation) {
      await this.#leave();
      log.info({ name, calls: this.#calls.size, drainMs: WrapUpTime }, "out of rotation, answering until clients know");
      await sleep(WrapUpTime);
    }
    await this.#shutdown(Math.max(0, WaitTime - (performance.now() - began)));
    this.#leaveSignals();
    log.info({ name, ms: Math.round(performance.now() - began) }, "stopped");
  }

  /** GOAWAY, then the end of what is in flight, at the latest after `limitMs`. */
  async #shutdown(limitMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    // Health watches never end by themselves, and they have said their last word.
    this.#calls.endAll("the server is stopping", `/${HEALTH_SERVICE}/`);
    if (await inTime(closed, limitMs)) return;
    const calls = this.#calls.endAll("the server is stopping and its time limit for calls in flight has passed");
    log.warn({ name: this.#config.Name, calls }, "time is up: calls still in flight are ended with UNAVAILABLE");
    await inTime(closed, FLUSH_MS);
    this.#server.forceShutdown();
  }
}

function registryOf({ Etcd }: ServerConfig, { registry }: ServerSettings): Target | undefined {
  if (registry) return parseTargetUrl(registry);
  return Etcd && targetOfEtcd(Etcd).target;
}

function timeouts({ Timeout = DEFAULTS.Timeout, MethodTimeouts = [] }: ServerConfig): (path: string) => number {
  const byPath = new Map(MethodTimeouts.map(({ FullMethod, Timeout: limit }) => [FullMethod, limit]));
  return (path) => byPath.get(path) ?? Timeout;
}

/** Whether a promise is fulfilled within some milliseconds. */
async function inTime(promise: Promise<void>, ms: number): Promise<boolean> {
  const timeout = new AbortController();
  const won = await Promise.race([promise.then(() => true), sleep(ms, timeout.signal).then(() => false)]);
  timeout.abort();
  return won;
}
