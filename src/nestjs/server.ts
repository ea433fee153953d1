import type * as grpc from "@grpc/grpc-js";
import { type CustomTransportStrategy, type GrpcOptions, ServerGrpc } from "@nestjs/microservices";
import { checkServerConfig } from "../config/check.js";
import { createServer, type Server, type ServerSettings } from "../grpc/server/server.js";
import type { ServerConfig } from "../grpc/server/server-config.js";
import { log } from "../log.js";
import { refuse } from "../target/given.js";
import { limitsOf } from "./limits.js";

type NestOptions = GrpcOptions["options"];

/** What Nest's own gRPC transport takes (`package`, `protoPath`, `loader`, ...), and where to register other than in etcd. */
export interface RollcallServerOptions
  extends Omit<NestOptions, "url" | "gracefulShutdown" | "credentials">,
    Pick<ServerSettings, "credentials" | "registry" | "signals"> {}

/** Options of Nest's transport that the configuration decides, and by what. */
const DECIDED = {
  url: "ListenOn in the configuration says where to listen",
  gracefulShutdown: "Rollcall always drains; Shutdown in the configuration says how long",
};

/** A service with its handlers, as Nest adds it to a grpc.Server. */
type Added = Parameters<grpc.Server["addService"]>;

/**
 * Nest's gRPC transport on a Rollcall server: listed while, and only while, it serves, with grpc.health.v1 beside the services,
 * the limits of the configuration, and a drain before it closes.
 *
 *     NestFactory.createMicroservice(AppModule, {
 *       strategy: new RollcallServer(config, { package: "order", protoPath: "order.proto" }),
 *     });
 *
 * Import RollcallModule.forRoot() too: without it Nest destroys providers before the drain when a signal ends the process.
 */
export class RollcallServer extends ServerGrpc implements CustomTransportStrategy {
  readonly #config: ServerConfig;
  readonly #options: RollcallServerOptions;
  #server: Server | undefined;
  #drainIsTied = false;
  #starting: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param config as for createServer: ListenOn, Etcd, Timeout, Shutdown and so on.
   * @throws TypeError when the configuration or an option cannot be obeyed.
   */
  constructor(config: ServerConfig, options: RollcallServerOptions) {
    checkServerConfig(config);
    if (typeof options !== "object" || options === null)
      refuse("the second argument of RollcallServer", options, "options of Nest's gRPC transport: package, protoPath");
    for (const [name, instead] of Object.entries(DECIDED)) {
      if (name in options) throw new TypeError(`RollcallServer takes no ${name}: ${instead}`);
    }
    super(options);
    this.#config = config;
    this.#options = options;
  }

  /** Binds, reports SERVING, registers; as createServer's start(). Called again it tells how that went. */
  override async listen(callback: (error?: unknown, ...more: unknown[]) => void): Promise<void> {
    try {
      if (this.#isClosed) throw new Error("the server was closed before: make a RollcallServer for each application");
      this.#starting ??= this.#start();
      await this.#starting;
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  /** Deregisters, drains, lets calls finish; as createServer's stop(). Never rejects; may be called again. */
  override async close(): Promise<void> {
    this.#isClosed = true;
    await this.#server?.stop();
  }

  /** Takes it out of rotation without stopping it. @throws Error unless it is listening. */
  async pause(): Promise<void> {
    await this.#listening().pause();
  }

  /** Puts it back. @throws Error as pause(), and when the registry refuses for good. */
  async resume(): Promise<void> {
    await this.#listening().resume();
  }

  /** `host:port` as registered; undefined before it listens. */
  get address(): string | undefined {
    return this.#server?.address;
  }

  /** The port bound; undefined before. */
  get port(): number | undefined {
    return this.#server?.port;
  }

  /** The service key that it is registered under in etcd, if it is. */
  get key(): string | undefined {
    return this.#config.Etcd?.Key;
  }

  /** Said by RollcallModule, which drains it before anything is destroyed. */
  tieDrain(): void {
    this.#drainIsTied = true;
  }

  async #start(): Promise<void> {
    const services = await this.#services();
    if (this.#isClosed) throw new Error("the server was closed before it listened");
    this.#server = createServer(this.#config, services, {
      credentials: this.#options.credentials,
      registry: this.#options.registry,
      signals: this.#options.signals,
      serverOptions: this.#serverOptions(),
    });
    if (!this.#drainIsTied) log.warn({ name: this.#config.Name }, NOT_TIED);
    await this.#server.start();
  }

  /** What Nest would add to its own server. */
  async #services(): Promise<(server: grpc.Server) => void> {
    const added: Added[] = [];
    // Reflection (onLoadPackageDefinition) adds its services here as well.
    this.grpcClient = { addService: (...service: Added) => added.push(service) };
    await this.bindEvents();
    return (server) => {
      for (const service of added) server.addService(...service);
    };
  }

  #serverOptions(): grpc.ServerOptions {
    const { channelOptions } = this.#options;
    return {
      ...channelOptions,
      ...limitsOf(this.#options),
      ...this.getKeepaliveOptions(),
    };
  }

  #listening(): Server {
    if (!this.#server) throw new Error("the server does not listen yet: pause and resume it after listen()");
    return this.#server;
  }
}

const NOT_TIED =
  "RollcallModule is not imported: when a signal ends the process, Nest destroys providers while calls still come; import RollcallModule.forRoot() in the application's module";
