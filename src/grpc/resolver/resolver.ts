import type { ChannelOptions } from "@grpc/grpc-js";
import { loadBackend } from "../../backends/table.js";
import type { ResolvedInstance } from "../../discovery/follow-names.js";
import { Knowledge } from "../../discovery/status.js";
import { log } from "../../log.js";
import type { Target } from "../../registry.js";
import { parseTarget } from "../../target/parse.js";
import { withInstances } from "../instance-attributes.js";
import { POLICY, serviceConfigFor } from "../service-config.js";
import { type GrpcTarget, type NameResolver, type Publish, type Resolution, registerResolver } from "../shield.js";
import { configSelector } from "./config-selector.js";
import { targetOf } from "./target-option.js";

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

/** Follows one service in its registry and tells the channel of every change. */
class DiscoveryResolver implements NameResolver {
  readonly #knowledge: Knowledge;
  readonly #publish: Publish;
  readonly #serviceConfig: ReturnType<typeof serviceConfigFor>;
  readonly #selector: Resolution["configSelector"];
  #running: AbortController | undefined;
  #refresh: (() => void) | undefined;

  constructor(target: Target, publish: Publish, options: ChannelOptions) {
    this.#knowledge = new Knowledge(target);
    this.#publish = publish;
    this.#serviceConfig = serviceConfigFor(options);
    this.#selector = configSelector(this.#serviceConfig.config.methodConfig, this.#knowledge);
  }

  updateResolution(): void {
    if (this.#running) this.#refresh?.();
    else this.#start();
  }

  destroy(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#refresh = undefined;
  }

  #start(): void {
    this.#running = new AbortController();
    const { signal } = this.#running;
    // Rollcall's own policy knows how to wait, so calls get past name resolution at once and can be told why they wait.
    // Other policies take an empty set for a failure, so they hear nothing before there are instances.
    let heard = false;
    if (this.#ownPolicy) process.nextTick(() => heard || signal.aborted || this.#tell([]));
    const hear = () => {
      heard = true;
    };
    this.#follow(signal, hear).catch((error: Error) => {
      if (signal.aborted) return;
      hear();
      this.#knowledge.trouble = error;
      log.error({ service: this.#knowledge.target.service, err: error }, "discovery cannot go on");
      this.#publish(new Error(this.#knowledge.explain() ?? error.message, { cause: error }));
    });
  }

  async #follow(signal: AbortSignal, hear: () => void): Promise<void> {
    const { target } = this.#knowledge;
    const backend = await loadBackend(target.scheme);
    if (!backend.discovery)
      throw new Error(`the backend "${target.scheme}" cannot be watched for instances, it only registers`);
    // Loaded here, because importing Rollcall must cost next to nothing.
    const { followHosts } = await import("../../discovery/follow-names.js");
    const discovery = await backend.discovery(target);
    // Two stages have troubles of their own; the registry's comes first.
    const troubles: { registry?: Error | undefined; names?: Error | undefined } = {};
    const noting = (stage: keyof typeof troubles) => (trouble: Error | undefined) => {
      troubles[stage] = trouble;
      this.#knowledge.trouble = troubles.registry ?? troubles.names;
    };
    const watched = discovery.watch(target.service, { signal, onTrouble: noting("registry"), background: true });
    const sets = followHosts(watched, { signal, onTrouble: noting("names") });
    this.#refresh = () => {
      discovery.refresh?.(target.service);
      sets.refresh();
    };
    for await (const instances of sets) {
      if (signal.aborted) return;
      hear();
      this.#knowledge.listed = instances.length;
      this.#knowledge.answeredAt = performance.now();
      if (instances.length > 0 || this.#ownPolicy) this.#tell(instances);
    }
  }

  get #ownPolicy(): boolean {
    return POLICY in (this.#serviceConfig.config.loadBalancingConfig[0] ?? {});
  }

  #tell(instances: readonly ResolvedInstance[]): void {
    this.#publish({
      endpoints: instances.map(({ addresses }) => ({ addresses: addresses.map(({ host, port }) => ({ host, port })) })),
      attributes: withInstances({ instances, knowledge: this.#knowledge }),
      serviceConfig: this.#serviceConfig.own ? undefined : this.#serviceConfig.config,
      configSelector: this.#selector,
    });
  }
}
