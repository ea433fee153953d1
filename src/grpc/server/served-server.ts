import * as grpc from "@grpc/grpc-js";
import { formatAddress } from "../../address.js";
import { endsWithin } from "../../async/time-limit.js";
import type { CheckedServerConfig } from "../../config/check.js";
import { parseListenAddress } from "../../config/schema/listen-address.js";
import { chooseAddress } from "../../lifecycle/advertise.js";
import type { Bound } from "../../lifecycle/bound.js";
import type { Served } from "../../lifecycle/served.js";
import { log } from "../../log.js";
import type { CallCounts } from "../../observe/state.js";
import { ROLLCALL_SERVER } from "../identity.js";
import { authInterceptor } from "./auth/auth-interceptor.js";
import type { Authenticator } from "./auth/authenticator.js";
import { authenticatorOf } from "./auth/choose.js";
import { CallStats } from "./call-stats.js";
import { certificateIsRead } from "./certificates.js";
import { overloadProtection } from "./guard.js";
import { HEALTH_SERVICE, ServerHealth } from "./health-service.js";
import { ServedCalls } from "./served-calls.js";
import type { ServerSettings } from "./server.js";
import { overloadOptions, timeouts } from "./server-config.js";
import { ServiceServer } from "./service-server.js";

/**
 * A host that vanishes closes no connection, and its health watches would be kept for ever. grpc-js pings nobody unless it
 * is told to. Milliseconds.
 */
const KEEPALIVE: grpc.ServerOptions = { "grpc.keepalive_time_ms": 300_000, "grpc.keepalive_timeout_ms": 20_000 };

/** How long the last statuses may take to reach the clients when time is up, in milliseconds. */
const FLUSH_MS = 500;

export interface ServedServerOptions {
  readonly config: CheckedServerConfig;
  readonly settings: ServerSettings;
  /** The key it is listed under. */
  readonly service: string | undefined;
  /** Adds the services. */
  readonly build: (server: grpc.Server) => unknown;
  /** No call makes spans any more: the last ones are sent. Never rejects. */
  readonly sendSpans: () => Promise<void>;
}

/** A gRPC server as its life has it: binds, says whether it serves, lets calls end, ends them. */
export class ServedServer implements Served {
  readonly #config: CheckedServerConfig;
  readonly #service: string | undefined;
  readonly #credentials: grpc.ServerCredentials;
  readonly #server: ServiceServer;
  readonly #calls: ServedCalls;
  readonly #stats: CallStats;
  readonly #authenticator: Authenticator | undefined;
  readonly #sendSpans: () => Promise<void>;
  readonly #built: Promise<unknown>;
  #health: ServerHealth | undefined;
  #port: number | undefined;
  #closed: Promise<void> | undefined;

  constructor({ config, settings, service, build, sendSpans }: ServedServerOptions) {
    this.#config = config;
    this.#service = service;
    this.#credentials = settings.credentials ?? grpc.ServerCredentials.createInsecure();
    this.#sendSpans = sendSpans;
    this.#stats = new CallStats(config);
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
    // Whatever it returns: an arrow function may well return something.
    this.#built = Promise.resolve(build(this.#server));
    // Told by bind(), of a server that is never started by nobody.
    this.#built.catch(() => {});
  }

  /** The port bound; undefined before. */
  get port(): number | undefined {
    return this.#port;
  }

  async bind(): Promise<Bound> {
    const { ListenOn, Name, Advertise, Weight, Zone, Metadata } = this.#config;
    await this.#built;
    this.#addHealth();
    await this.#authenticator?.open();
    const { host, port } = parseListenAddress(ListenOn);
    const bound = await this.#server.listen(host, port, this.#credentials);
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

  health(serving: boolean): void {
    this.#health?.set(serving ? "SERVING" : "NOT_SERVING");
  }

  /** GOAWAY; resolves when what is in flight has ended, and been told. */
  close(): Promise<void> {
    this.#closed = new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
    // Health watches never end by themselves, and they have said their last word.
    this.#calls.endAll("the server is stopping", `/${HEALTH_SERVICE}/`);
    return this.#closed.then(() => this.#release());
  }

  async kill(): Promise<void> {
    const calls = this.#calls.endAll("the server is stopping and its time limit for calls in flight has passed");
    if (calls > 0) {
      log.warn({ server: this.#config.Name, calls }, "time is up: calls still in flight are ended with UNAVAILABLE");
    }
    if (this.#closed) await endsWithin(this.#closed, FLUSH_MS);
    this.#server.forceShutdown();
    await endsWithin(this.#release(), FLUSH_MS);
  }

  facts(): { readonly name: string | undefined; readonly calls: number } {
    return { name: this.#config.Name, calls: this.#calls.size };
  }

  counts(): CallCounts {
    return this.#calls.counts;
  }

  /** Its start has failed: a bound port must not keep Node alive, nor a connection to Redis. */
  async giveUp(): Promise<void> {
    this.#server.forceShutdown();
    await this.#release();
  }

  #addHealth(): void {
    const { serviceNames } = this.#server;
    if (this.#config.Health === false || serviceNames.has(HEALTH_SERVICE)) return;
    const key = this.#service === undefined ? [] : [this.#service, ROLLCALL_SERVER];
    this.#health = new ServerHealth([...serviceNames, ...key]);
    this.#health.addTo(this.#server);
  }

  /** What is beside the serving. Never rejects. */
  async #release(): Promise<void> {
    this.#stats.stop();
    void this.#authenticator?.close();
    await this.#sendSpans();
  }
}
