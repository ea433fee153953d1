import type * as grpc from "@grpc/grpc-js";
import { type Endpoint, experimental, type Leaf, type PolicyHelper, type StatusObject } from "./experimental.js";

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
