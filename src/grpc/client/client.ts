import * as grpc from "@grpc/grpc-js";
import type { ClientConfig } from "../../config/schema/client-target.js";
import { checkNames } from "../../target/given.js";
import { type ChannelSettings, createChannel } from "./channel.js";

/** The class of a grpc-js client, as generators and `makeClientConstructor` make it. */
export type ClientConstructor<T extends grpc.Client> = new (
  address: string,
  credentials: grpc.ChannelCredentials,
  options?: grpc.ClientOptions,
) => T;

export interface ClientSettings extends Omit<ChannelSettings, "services"> {
  readonly interceptors?: grpc.Interceptor[] | undefined;
}

/**
 * A client of a service whose instances the config says where to find: `createClient(OrderClient, config.OrderRpc)`.
 * Calls are balanced, unary calls without a deadline get config.Timeout, and a call made while another is being served
 * ends no later than that one. client.close() ends it.
 * @throws TypeError when the constructor is not of this program's grpc-js, or the config does not say where to look.
 */
export function createClient<T extends grpc.Client>(
  Client: ClientConstructor<T>,
  config: ClientConfig,
  settings: ClientSettings = {},
): T {
  checkConstructor(Client);
  checkNames("createClient", settings, ["credentials", "interceptors", "channelOptions"]);
  const { credentials = grpc.credentials.createInsecure(), interceptors, channelOptions } = settings;
  if (!(credentials instanceof grpc.ChannelCredentials)) throw otherCopy("the credentials were");
  const { service } = Client as { service?: grpc.ServiceDefinition };
  const channel = createChannel(config, { credentials, channelOptions, services: service ? [service] : [] });
  return new Client(channel.getTarget(), credentials, {
    ...(interceptors && { interceptors }),
    channelOverride: channel,
  });
}

function checkConstructor(Client: unknown): void {
  if (typeof Client !== "function") {
    throw new TypeError(
      `createClient needs the class of a grpc-js client, but got ${Client === null ? "null" : typeof Client}`,
    );
  }
  if (Client.prototype instanceof grpc.Client) return;
  const looksRight = typeof Client.prototype?.makeUnaryRequest === "function";
  throw looksRight
    ? otherCopy(`${Client.name} was`)
    : new TypeError(`createClient needs the class of a grpc-js client, and ${Client.name || "this function"} is none`);
}

function otherCopy(subject: string): TypeError {
  return new TypeError(
    `${subject} made with another copy of @grpc/grpc-js than rollcall's: run \`npm dedupe\`, or install one version for both`,
  );
}
