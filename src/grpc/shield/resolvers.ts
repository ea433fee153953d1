import * as grpc from "@grpc/grpc-js";
import { type GrpcTarget, pastProxy, rollcallTarget, targetBehindProxy } from "../target-uri.js";
import {
  type ConfigSelector,
  type Endpoint,
  experimental,
  type ServiceConfig,
  type StatusObject,
} from "./experimental.js";

/** What a resolver tells a channel. */
export interface Resolution {
  /** An Error ends the calls of a channel that has no instances yet, and says nothing about those that are known. */
  endpoints: Endpoint[] | Error;
  /** Reach the policy as channel options. */
  attributes: Record<string, unknown>;
  /** `undefined` leaves the channel to its own `grpc.service_config`. */
  serviceConfig: ServiceConfig | undefined;
  configSelector: ConfigSelector;
}

export type Publish = (resolution: Resolution) => void;

export interface ResolverDefinition {
  create(target: GrpcTarget, publish: Publish, options: grpc.ChannelOptions): NameResolver;
  defaultAuthority(target: GrpcTarget): string;
}

export interface NameResolver {
  /** Starts resolving, or asks for a fresh answer soon. Called often. */
  updateResolution(): void;
  /** May be followed by updateResolution: a channel that was idle comes back. */
  destroy(): void;
}

type Listener_1_14 = grpc.experimental.ResolverListener;
interface Listener_1_13 {
  onSuccessfulResolution(
    endpoints: Endpoint[],
    serviceConfig: ServiceConfig | null,
    serviceConfigError: null,
    configSelector: ConfigSelector,
    attributes: Record<string, unknown>,
  ): void;
  onError(error: StatusObject): void;
}

type Resolver = grpc.experimental.Resolver;
type ResolverClass = {
  new (uri: grpc.experimental.GrpcUri, listener: Listener_1_14 | Listener_1_13, options: grpc.ChannelOptions): Resolver;
  getDefaultAuthority(uri: grpc.experimental.GrpcUri): string;
};

export function registerResolver(scheme: string, definition: ResolverDefinition): void {
  const builtIn = scheme === "dns" ? builtInResolver(scheme) : undefined;

  class RollcallResolver {
    readonly #resolver: NameResolver;

    constructor(uri: grpc.experimental.GrpcUri, listener: Listener_1_14 | Listener_1_13, options: grpc.ChannelOptions) {
      const proxied = targetBehindProxy(options);
      const target = proxied ?? rollcallTarget(uri);
      const extra = proxied ? pastProxy(options) : {};
      this.#resolver = target
        ? definition.create(target, (resolution) => tell(listener, resolution, extra), options)
        : new builtIn!(uri, listener, options);
    }
    updateResolution(): void {
      this.#resolver.updateResolution();
    }
    destroy(): void {
      this.#resolver.destroy();
    }
    static getDefaultAuthority(uri: grpc.experimental.GrpcUri): string {
      const target = rollcallTarget(uri);
      return target ? definition.defaultAuthority(target) : builtIn!.getDefaultAuthority(uri);
    }
  }
  experimental.registerResolver(scheme, RollcallResolver);
}

/** grpc-js keeps its resolver classes to itself, but an instance knows its class. */
function builtInResolver(scheme: string): ResolverClass {
  const resolver = experimental.createResolver({ scheme, path: "127.0.0.1:1" }, () => true, {});
  resolver.destroy();
  return resolver.constructor as ResolverClass;
}

function tell(listener: Listener_1_14 | Listener_1_13, resolution: Resolution, extra: object): void {
  const { endpoints, serviceConfig, configSelector } = resolution;
  const attributes = { ...resolution.attributes, ...extra };
  if (typeof listener !== "function") {
    if (endpoints instanceof Error) listener.onError(unavailable(endpoints));
    else listener.onSuccessfulResolution(endpoints, serviceConfig ?? null, null, configSelector, attributes);
    return;
  }
  const { statusOrFromError, statusOrFromValue } = experimental;
  listener(
    endpoints instanceof Error ? statusOrFromError(unavailable(endpoints)) : statusOrFromValue(endpoints),
    { ...attributes, [experimental.CHANNEL_ARGS_CONFIG_SELECTOR_KEY]: configSelector },
    // With an error too: one that comes with no config is pick_first's, which takes the place of the policy in use.
    serviceConfig ? statusOrFromValue(serviceConfig) : null,
    "",
  );
}

function unavailable({ message }: Error): StatusObject {
  return { code: grpc.status.UNAVAILABLE, details: message, metadata: new grpc.Metadata() };
}
