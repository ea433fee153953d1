/**
 * The only file that touches `grpc.experimental`, which "may break in any minor version" and did: the signatures below
 * differ between grpc-js 1.13 and 1.14. The rest of Rollcall sees the small, stable interfaces declared here.
 */
import { createRequire } from "node:module";
import * as grpc from "@grpc/grpc-js";
import { checkVersion } from "./grpc-js-version.js";
import { type GrpcTarget, pastProxy, rollcallTarget, targetBehindProxy } from "./target-uri.js";

const require = createRequire(import.meta.url);
checkVersion((require("@grpc/grpc-js/package.json") as { version: string }).version);

const { experimental } = grpc;

export type Endpoint = grpc.experimental.Endpoint;
export type Picker = grpc.experimental.Picker;
export type PickResult = grpc.experimental.PickResult;
export type PolicyHelper = grpc.experimental.ChannelControlHelper;
export type Leaf = grpc.experimental.LeafLoadBalancer;
export type ConfigSelector = grpc.experimental.ConfigSelector;
export type CallConfig = ReturnType<ConfigSelector["invoke"]>;
export type MethodConfig = CallConfig["methodConfig"];
export type Subchannel = grpc.experimental.SubchannelInterface;
export type StatusObject = grpc.StatusObject;

export interface ServiceConfig {
  loadBalancingConfig: Record<string, object>[];
  methodConfig: MethodConfig[];
  retryThrottling?: { maxTokens: number; tokenRatio: number };
}

export const { PickResultType, UnavailablePicker, BaseFilter, BaseSubchannelWrapper } = experimental;
export const { createChildChannelControlHelper: childHelper, parseDuration } = experimental;

/** The call waits until the policy has another picker. */
export const QUEUE: PickResult = {
  pickResultType: experimental.PickResultType.QUEUE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

/** Channel options with this prefix stay out of the key by which grpc-js finds a subchannel in its pool. */
export const PRIVATE_OPTION = "grpc.internal.no_subchannel.rollcall.";

/** What a resolver tells a channel. */
export interface Resolution {
  endpoints: Endpoint[];
  /** Reach the policy as channel options. */
  attributes: Record<string, unknown>;
  /** `undefined` leaves the channel to its own `grpc.service_config`. */
  serviceConfig: ServiceConfig | undefined;
  configSelector: ConfigSelector;
}

/** An Error ends the calls of a channel that has no instances yet; it is for what no retry can mend. */
export type Publish = (resolution: Resolution | Error) => void;

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

/**
 * Checks what grpc-js would quietly skip: the first policy of the list that is known, which is the one it uses, must take its
 * config.
 * @returns its name.
 * @throws Error that says what is wrong with it, or that none of the policies is known.
 */
export function checkPolicies(configs: readonly Record<string, object>[]): string {
  const nameOf = (config: Record<string, object>) => Object.keys(config)[0] ?? "";
  const chosen = configs.find((config) => experimental.isLoadBalancerNameRegistered(nameOf(config)));
  if (!chosen) {
    const names = configs.flatMap((config) => Object.keys(config)).join(", ");
    throw new Error(
      `no load-balancing policy is called ${names}: known are p2c_ewma, consistent_hash, round_robin and pick_first`,
    );
  }
  experimental.parseLoadBalancingConfig(
    chosen as unknown as Parameters<typeof experimental.parseLoadBalancingConfig>[0],
  );
  return nameOf(chosen);
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

function tell(listener: Listener_1_14 | Listener_1_13, resolution: Resolution | Error, extra: object): void {
  if (resolution instanceof Error) {
    const error = { code: grpc.status.UNAVAILABLE, details: resolution.message, metadata: new grpc.Metadata() };
    if (typeof listener === "function") listener(experimental.statusOrFromError(error), {}, null, "");
    else listener.onError(error);
    return;
  }
  const { endpoints, serviceConfig, configSelector } = resolution;
  const attributes = { ...resolution.attributes, ...extra };
  if (typeof listener === "function") {
    listener(
      experimental.statusOrFromValue(endpoints),
      { ...attributes, [experimental.CHANNEL_ARGS_CONFIG_SELECTOR_KEY]: configSelector },
      serviceConfig ? experimental.statusOrFromValue(serviceConfig) : null,
      "",
    );
  } else {
    listener.onSuccessfulResolution(endpoints, serviceConfig ?? null, null, configSelector, attributes);
  }
}

/** A load-balancing policy. Its config is whatever `parse` made of the service config's JSON. */
export interface Policy<C> {
  update(endpoints: readonly Endpoint[], config: C, options: grpc.ChannelOptions): void;
  /** The resolver cannot say where instances are. */
  fail(error: StatusObject): void;
  /** Called at every call. */
  exitIdle(): void;
  destroy(): void;
}

export interface PolicyDefinition<C> {
  /** @throws Error that says what is wrong with the config. */
  parse(json: object): C;
  create(helper: PolicyHelper): Policy<C>;
}

export function registerPolicy<C>(name: string, definition: PolicyDefinition<C>): void {
  class Config {
    readonly value: C;
    readonly #json: object;

    constructor(json: object) {
      this.value = definition.parse(json);
      this.#json = json;
    }
    getLoadBalancerName(): string {
      return name;
    }
    toJsonObject(): object {
      return { [name]: this.#json };
    }
    static createFromJson(json: object): Config {
      return new Config(json);
    }
  }

  class Balancer implements grpc.experimental.LoadBalancer {
    readonly #policy: Policy<C>;

    constructor(helper: PolicyHelper) {
      this.#policy = definition.create(helper);
    }
    updateAddressList(
      list: Endpoint[] | { ok: true; value: Endpoint[] } | { ok: false; error: StatusObject },
      config: grpc.experimental.TypedLoadBalancingConfig,
      options: grpc.ChannelOptions,
    ): boolean {
      if (!(config instanceof Config)) return false;
      const endpoints = Array.isArray(list) ? list : list.ok ? list.value : undefined;
      if (endpoints) this.#policy.update(endpoints, config.value, options);
      else if (!Array.isArray(list) && !list.ok) this.#policy.fail(list.error);
      return true;
    }
    exitIdle(): void {
      this.#policy.exitIdle();
    }
    resetBackoff(): void {}
    destroy(): void {
      this.#policy.destroy();
    }
    getTypeName(): string {
      return name;
    }
  }
  experimental.registerLoadBalancerType(name, Balancer, Config);
}

/** One endpoint's connection and its upkeep (grpc-js' own pick_first). 1.13 ignores the resolution note. */
export function createLeaf(endpoint: Endpoint, helper: PolicyHelper, options: grpc.ChannelOptions): Leaf {
  return new experimental.LeafLoadBalancer(endpoint, helper, options, "");
}

/** What calls on a connection hear. */
export interface CallListener {
  onReceiveMetadata(metadata: grpc.Metadata): void;
  onReceiveMessage(message: Buffer): void;
  onReceiveStatus(status: StatusObject): void;
}

/** A call on one connection. Messages are framed: a compression flag, a length, the payload. */
export interface ConnectionCall {
  startRead(): void;
  sendMessageWithContext(context: object, message: Buffer): void;
  halfClose(): void;
  cancelWithStatus(status: grpc.status, details: string): void;
}

/** The end of a subchannel at which grpc-js starts calls. */
export interface CallStarter {
  createCall(
    metadata: grpc.Metadata,
    host: string,
    method: string,
    listener: CallListener,
    callNumber: number,
  ): ConnectionCall;
}

export function callStarter(subchannel: Subchannel): CallStarter {
  return subchannel.getRealSubchannel() as unknown as CallStarter;
}

/** `host:port`, and the others after commas where an endpoint has several addresses. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.addresses.map(experimental.subchannelAddressToString).join(", ");
}
