import type { ChannelOptions } from "@grpc/grpc-js";
import { detached } from "../../async/detached.js";
import type { ResolvedInstance } from "../../discovery/resolved-instance.js";
import { TargetDiscovery } from "../../discovery/target-discovery.js";
import type { Target } from "../../registry.js";
import { authorityOf } from "../../target/authority.js";
import { parseTarget } from "../../target/parse.js";
import { withInstances } from "../instance-attributes.js";
import { type ChosenConfig, isRollcallPolicy, serviceConfigFor } from "../service-config.js";
import { type NameResolver, type Publish, type Resolution, registerResolver } from "../shield/resolvers.js";
import { sourceHolderOf } from "../source-holder.js";
import type { GrpcTarget } from "../target-uri.js";
import { configSelector } from "./config-selector.js";
import { lastKnownOf, targetOf } from "./target-option.js";

/** Makes grpc-js understand target URLs of this scheme, through the backend of the same name. */
export function registerTargetScheme(scheme: string): void {
  registerResolver(scheme, {
    create: (target, publish, options) => new DiscoveryResolver(readTarget(target, options), publish, options),
    defaultAuthority: (target) => authorityFor(target),
  });
}

function readTarget({ scheme, authority, path }: GrpcTarget, options: ChannelOptions): Target {
  return targetOf(options) ?? parseTarget(scheme, authority, path);
}

/** The `:authority` of calls. */
function authorityFor({ scheme, authority, path }: GrpcTarget): string {
  return authorityOf(parseTarget(scheme, authority, path));
}

/** Tells a channel which instances the discovery of its target finds. */
class DiscoveryResolver implements NameResolver {
  readonly #publish: Publish;
  readonly #serviceConfig: ChosenConfig;
  readonly #selector: Resolution["configSelector"];
  readonly #discovery: TargetDiscovery;
  /** Whether the channel has been told anything since it last began. */
  #told = false;
  #running = false;

  constructor(target: Target, publish: Publish, options: ChannelOptions) {
    this.#publish = publish;
    this.#serviceConfig = serviceConfigFor(options);
    this.#discovery = new TargetDiscovery(target, {
      onSet: (set) => {
        // Other policies take an empty set for a failure, so they hear nothing before there are instances.
        if (set.length > 0 || this.#ownPolicy) this.#tell(set);
      },
      onFailure: (error) => this.#say(error, []),
      // Nobody but Rollcall's own policies asks the instances of a snapshot who they are before they are called.
      lastKnown: this.#ownPolicy ? lastKnownOf(options) : undefined,
    });
    this.#selector = configSelector(this.#serviceConfig.config.methodConfig, this.#discovery.status, {
      // createChannel's calls are observed from their very beginning, where that is wanted.
      observe: sourceHolderOf(options) === undefined,
    });
  }

  updateResolution(): void {
    const begins = !this.#running;
    this.#running = true;
    this.#discovery.start();
    // Rollcall's own policies know how to wait, so calls get past name resolution at once and can be told why they wait. At once,
    // because the call that has asked for this is looked at next: queued, it would lose its caller's context, and so its trace.
    if (begins && this.#ownPolicy) detached(() => this.#tellWaiting());
  }

  destroy(): void {
    this.#discovery.stop();
    this.#running = false;
    this.#told = false;
  }

  get #ownPolicy(): boolean {
    return isRollcallPolicy(this.#serviceConfig.policy);
  }

  #tellWaiting(): void {
    if (this.#running && !this.#told) this.#tell([]);
  }

  #tell(instances: readonly ResolvedInstance[]): void {
    this.#say(
      instances.map(({ addresses }) => ({ addresses: [...addresses] })),
      instances,
    );
  }

  #say(endpoints: Resolution["endpoints"], instances: readonly ResolvedInstance[]): void {
    this.#told = true;
    this.#publish({
      endpoints,
      attributes: withInstances({ instances, status: this.#discovery.status }),
      serviceConfig: this.#serviceConfig.own ? undefined : this.#serviceConfig.config,
      configSelector: this.#selector,
    });
  }
}
