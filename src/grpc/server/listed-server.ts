import type * as grpc from "@grpc/grpc-js";
import type { CheckedServerConfig } from "../../config/check.js";
import { ServerLife } from "../../lifecycle/server-life.js";
import { setLogLevel } from "../../log.js";
import { silenceMinutes } from "../../observe/minute-log.js";
import { ServedServer } from "./served-server.js";
import type { Server, ServerSettings } from "./server.js";
import { DEFAULTS, registryOf } from "./server-config.js";
import { Watched } from "./watched.js";

/** A gRPC server, its life, and what others see of both. */
export class ListedServer implements Server {
  readonly #watched: Watched;
  readonly #served: ServedServer;
  readonly #life: ServerLife;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(config: CheckedServerConfig, build: (server: grpc.Server) => unknown, settings: ServerSettings) {
    if (config.Log?.Level) setLogLevel(config.Log.Level);
    if (config.Log?.Stat === false) silenceMinutes();
    const { WrapUpTime = DEFAULTS.WrapUpTime, WaitTime = DEFAULTS.WaitTime } = config.Shutdown ?? {};
    const registry = registryOf(config, settings);
    const watched = new Watched(config);
    this.#watched = watched;
    this.#served = new ServedServer({
      config,
      settings,
      service: registry?.service,
      build,
      sendSpans: () => watched.sendSpans(),
    });
    const limits = { drainMs: WrapUpTime, waitMs: WaitTime };
    this.#life = new ServerLife(registry, this.#served, limits, settings.signals !== false);
  }

  get address(): string | undefined {
    return this.#life.address;
  }

  get port(): number | undefined {
    return this.#served.port;
  }

  get devServerPort(): number | undefined {
    return this.#watched.devServerPort;
  }

  start(): Promise<void> {
    if (this.#starting && this.#life.isOver)
      return Promise.reject(new Error("the server was stopped; create another one"));
    this.#starting ??= this.#start().catch(async (error) => {
      await this.#served.giveUp();
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
}
