import type { HttpAdapterHost, ModulesContainer } from "@nestjs/core";
import { checkServerConfig } from "../config/check.js";
import type { ServerSettings } from "../grpc/server/server.js";
import { registryOf, type ServerConfig } from "../grpc/server/server-config.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import { HttpLife } from "./http-life.js";
import { RollcallServer } from "./server.js";
import { destroyedBefore } from "./shutdown-order.js";

/**
 * Where the application's HTTP server is listed and how long it drains: sections of a server's configuration. Nothing in it:
 * the HTTP server is not registered, and drains all the same, as Kubernetes needs it.
 */
export type ModuleConfig = Partial<
  Pick<ServerConfig, "Name" | "Etcd" | "Advertise" | "Weight" | "Zone" | "Metadata" | "Shutdown">
>;

export type ModuleSettings = Pick<ServerSettings, "registry" | "signals">;

/** What Nest provides, and the class of the module that is to be destroyed first. */
export interface Application {
  readonly host: HttpAdapterHost;
  readonly modules: ModulesContainer;
  readonly module: unknown;
}

/**
 * The servers of a Nest application as one: what RollcallModule provides. Inject it where a health check asks for `serving`, or
 * to take the application out of rotation by hand.
 */
export class Rollcall {
  readonly #servers = new Set<RollcallServer>();
  readonly #application: Application;
  readonly #target: Target | undefined;
  readonly #http: HttpLife;
  readonly #listed: Promise<void>;
  #stopping: Promise<void> | undefined;

  /** Made by Nest. @throws TypeError when the configuration cannot be obeyed. */
  constructor(config: ModuleConfig, settings: ModuleSettings, application: Application) {
    // ListenOn is app.listen()'s to say.
    const checked = checkServerConfig({ ...config, ListenOn: ":0" });
    this.#target = registryOf(checked, settings);
    this.#application = application;
    this.#http = new HttpLife(this.#target, checked, settings.signals);
    const { host, modules } = application;
    modules.getRpcTargetRegistry<unknown>().subscribe((server) => this.#adopt(server));
    this.#listed = new Promise((resolve, reject) => {
      host.listen$.subscribe(() => this.#enter(host).then(resolve, reject));
    });
    this.#listed.catch((error) => log.error({ name: config.Name, err: error }, "the HTTP server is not registered"));
  }

  /** Whether the HTTP server is to be called: what a readiness check answers. False before it listens, paused and draining. */
  get serving(): boolean {
    return this.#http.serving;
  }

  /** `host:port` of the HTTP server as registered; undefined before it listens. */
  get address(): string | undefined {
    return this.#http.address;
  }

  /**
   * Resolves when the HTTP server is listed, or when the registry could not be reached at first: registering goes on then. When it
   * listens, if it is paused. At once in an application without one: a microservice is listed when its `listen()` resolves.
   * @throws what the registry refuses for good, Error when the application was stopped before it listened; it is logged as well.
   */
  async listed(): Promise<void> {
    if (this.#application.host.httpAdapter) await this.#listed;
  }

  /**
   * Takes every server of the application out of rotation; calls that come all the same are answered. An HTTP server that does not
   * listen yet stays out when it does, until `resume()`. Idempotent. @throws Error where a gRPC server does not listen yet.
   */
  async pause(): Promise<void> {
    await Promise.all(this.#all().map((server) => server.pause()));
  }

  /** Puts them back. Idempotent. @throws Error as pause(), and what the registry refuses for good. */
  async resume(): Promise<void> {
    await Promise.all(this.#all().map((server) => server.resume()));
  }

  /**
   * Takes every server out, drains and closes it, in the time that Shutdown gives. One that would listen later, because Nest still
   * starts the application, is never listed. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopping ??= Promise.all(this.#all().map((server) => server.close())).then(() => {});
    return this.#stopping;
  }

  /** Nest's hook: nothing is to be destroyed before the drain. */
  onApplicationBootstrap(): void {
    const before = destroyedBefore(this.#application.modules, this.#application.module);
    if (before.length === 0) return;
    log.warn(
      { providers: before },
      `calls still come when Nest destroys ${before.join(", ")}: import RollcallModule last in the application's module`,
    );
  }

  /** Nest's hook, the first of a shutdown. */
  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  #all(): (RollcallServer | HttpLife)[] {
    return [...this.#servers, this.#http];
  }

  #adopt(server: unknown): void {
    if (!(server instanceof RollcallServer)) return;
    this.#servers.add(server);
    server.tieDrain();
    if (this.#stopping) void server.close();
  }

  async #enter({ httpAdapter }: HttpAdapterHost): Promise<void> {
    for (const { key } of this.#servers) {
      if (key === undefined || key !== this.#target?.service) continue;
      throw new TypeError(
        `Etcd.Key ${key} is that of the application's gRPC server, whose clients do not speak HTTP: give RollcallModule.forRoot() a key of its own, or no Etcd`,
      );
    }
    await this.#http.enter(httpAdapter.getHttpServer());
  }
}
