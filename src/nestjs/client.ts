import type * as grpc from "@grpc/grpc-js";
import { ClientGrpcProxy, type CustomClientOptions, type GrpcOptions } from "@nestjs/microservices";
import type { ClientConfig } from "../config/schema/client-target.js";
import { type ChannelSettings, createChannel } from "../grpc/client/channel.js";
import { refuse } from "../target/given.js";
import { limitsOf } from "./limits.js";

type NestOptions = GrpcOptions["options"];

/** What Nest's own gRPC client takes (`package`, `protoPath`, `loader`, ...), but for what the configuration decides. */
export interface RollcallClientOptions
  extends Omit<NestOptions, "url" | "credentials" | "channelOptions" | "gracefulShutdown">,
    Pick<ChannelSettings, "credentials" | "channelOptions"> {}

/**
 * A client of a service whose instances the configuration says where to find, for ClientsModule and `@Client()`:
 *
 *     ClientsModule.register([{ name: "ORDERS", ...rollcallClient(config, { package: "order", protoPath: "order.proto" }) }])
 *
 * Calls are balanced, and have the deadlines, retries and metadata of the configuration.
 * @throws TypeError when an option cannot be obeyed; what the configuration lacks is told where Nest makes the client.
 */
export function rollcallClient(config: ClientConfig, options: RollcallClientOptions): CustomClientOptions {
  if (typeof options !== "object" || options === null)
    refuse("the second argument of rollcallClient", options, "options of Nest's gRPC client: package, protoPath");
  if ("url" in options) {
    throw new TypeError(
      "rollcallClient takes no url: Etcd, Target or Endpoints in the configuration say where to look",
    );
  }
  // Nest's types hold no gRPC client for a client: it has no events.
  const customClass = RollcallClient as unknown as CustomClientOptions["customClass"];
  return { customClass, options: { config, ...options } };
}

/** Nest's gRPC client on a balanced channel, which all its services share. */
class RollcallClient extends ClientGrpcProxy {
  readonly #channel: grpc.Channel;

  constructor({ config, ...options }: RollcallClientOptions & { readonly config: ClientConfig }) {
    const shared: grpc.ChannelOptions = {};
    super({ ...options, url: "rollcall", channelOptions: shared as NonNullable<NestOptions["channelOptions"]> });
    const { credentials, channelOptions } = options;
    this.#channel = createChannel(config, {
      credentials,
      channelOptions: {
        ...channelOptions,
        ...limitsOf(options),
        ...this.getKeepaliveOptions(),
      },
      services: this.grpcClients.flatMap(servicesIn),
    });
    // Nest hands these to each client that it makes.
    Object.assign(shared, { channelOverride: this.#channel });
  }

  override close(): void {
    super.close();
    this.#channel.close();
  }
}

/** The services of a package as grpc-js loads it, those of the packages in it too. */
function servicesIn(loaded: object): grpc.ServiceDefinition[] {
  return Object.values(loaded).flatMap((one: unknown): grpc.ServiceDefinition[] => {
    if (typeof one === "function") return "service" in one ? [one.service as grpc.ServiceDefinition] : [];
    // Messages and enums have a format; whatever has none is a package.
    return typeof one === "object" && one !== null && !("format" in one) ? servicesIn(one) : [];
  });
}
