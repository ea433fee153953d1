import type { ChannelOptions } from "@grpc/grpc-js";
import { detached } from "../../async/detached.js";
import type { ResolvedInstance } from "../../discovery/resolved-instance.js";
import { TargetDiscovery } from "../../discovery/target-discovery.js";
import type { Target } from "../../registry.js";
import { parseTarget } from "../../target/parse.js";
import { withInstances } from "../instance-attributes.js";
import { POLICY, serviceConfigFor } from "../service-config.js";
import { type NameResolver, type Publish, type Resolution, registerResolver } from "../shield.js";
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

/**
 * The `:authority` of calls, against which TLS verifies a server's name: the service key's last part (`order.rpc` of
 * `prod/order.rpc`), the first of several endpoints, with what may not stand there replaced.
 */
function authorityFor({ scheme, authority, path }: GrpcTarget): string {
  const { service } = parseTarget(scheme, authority, path);
  const [first = ""] = service.replace(/^.*\//, "").split(",");
  if (/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d+)?$/.test(first) && URL.canParse(`http://${first}`)) return first;
  const name = first.replace(/:.*$/, "").replace(/[^A-Za-z0-9.-]+/g, "-");
  if (name !== "" && URL.canParse(`http://${name}`)) return name;
  // A name that ends in a number, such as order.2, is taken for an IPv4 address.
  return name.replaceAll(".", "-") || "localhost";
}

/** Tells a channel which instances the discovery of its target finds. */
class DiscoveryResolver implements NameResolver {
  readonly #publish: Publish;
  readonly #serviceConfig: ReturnType<typeof serviceConfigFor>;
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
      onFailure: (error) => this.#say(error),
      lastKnown: lastKnownOf(options),
    });
    this.#selector = configSelector(this.#serviceConfig.config.methodConfig, this.#discovery.status);
  }

  updateResolution(): void {
    const begins = !this.#running;
    this.#running = true;
    this.#discovery.start();
    // Rollcall's own policy knows how to wait, so calls get past name resolution at once and can be told why they wait.
    if (begins && this.#ownPolicy) detached(() => process.nextTick(() => this.#tellWaiting()));
  }

  destroy(): void {
    this.#discovery.stop();
    this.#running = false;
    this.#told = false;
  }

  get #ownPolicy(): boolean {
    return POLICY in (this.#serviceConfig.config.loadBalancingConfig[0] ?? {});
  }

  #tellWaiting(): void {
    if (this.#running && !this.#told) this.#tell([]);
  }

  #tell(instances: readonly ResolvedInstance[]): void {
    this.#say({
      endpoints: instances.map(({ addresses }) => ({ addresses: [...addresses] })),
      attributes: withInstances({ instances, status: this.#discovery.status }),
      serviceConfig: this.#serviceConfig.own ? undefined : this.#serviceConfig.config,
      configSelector: this.#selector,
    });
  }

  #say(news: Resolution | Error): void {
    this.#told = true;
    this.#publish(news);
  }
}
