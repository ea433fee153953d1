import type { MethodSettings, RetryConfig } from "../../config/call-settings.js";
import type { EtcdConfig } from "../../config/etcd-config.js";
import type { RpcClientConfig } from "../../config/rpc-client-config.js";
import { parseTargetUrl } from "../../config/target.js";
import { checkScheme, type Target } from "../../registry.js";

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A registry and a key, as configuration gives them. */
export type EtcdGiven = Given<Omit<EtcdConfig, "Hosts" | "Key">> & Pick<EtcdConfig, "Hosts" | "Key">;

export type RetryGiven = Given<RetryConfig>;

export type MethodGiven = Pick<MethodSettings, "FullMethod"> & {
  readonly Timeout?: number | undefined;
  readonly Retry?: RetryGiven | undefined;
  readonly Hedge?: (Given<NonNullable<MethodSettings["Hedge"]>> & { readonly Delay: number }) | undefined;
};

/**
 * Which service to call and how: what `rpcClientConfig` reads, with the defaults that docs/configuration.md states for
 * what is left out. Of Endpoints, Target and Etcd the first given counts.
 */
export type ClientConfig = Given<Omit<RpcClientConfig, "Etcd" | "Middlewares" | "Retry" | "Methods">> & {
  readonly Etcd?: EtcdGiven | undefined;
  readonly Middlewares?: Given<RpcClientConfig["Middlewares"]> | undefined;
  readonly Retry?: RetryGiven | undefined;
  readonly Methods?: readonly MethodGiven[] | undefined;
};

/** The URL that names the target to grpc-js, and the target itself, which may hold secrets that no URL should. */
export interface NamedTarget {
  readonly url: string;
  readonly target: Target;
}

/** @throws TypeError when nothing says where the instances are, or a target URL is malformed. */
export function targetOfClient({ Endpoints, Target, Etcd }: ClientConfig): NamedTarget {
  if (Endpoints?.length) {
    const url = `direct:///${Endpoints.join(",")}`;
    return { url, target: parseTargetUrl(url) };
  }
  if (Target) {
    const target = parseTargetUrl(Target);
    checkScheme(target.scheme);
    // grpc-js keeps names without slashes for its own resolver.
    const url = target.scheme === "dns" && !Target.includes("//") ? `dns:///${target.service}` : Target;
    return { url, target };
  }
  if (Etcd) return targetOfEtcd(Etcd);
  throw new TypeError(
    "nothing says where the instances are: give Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)",
  );
}

export function targetOfEtcd({ Hosts, Key, TTL, ...settings }: EtcdGiven): NamedTarget {
  if (!Hosts?.length)
    throw new TypeError("Etcd.Hosts is empty; expected at least one address, for example 127.0.0.1:2379");
  if (!Key) throw new TypeError("Etcd.Key is empty; expected the service key, for example order.rpc");
  const lease = TTL === undefined ? {} : { ttlSeconds: TTL / 1000 };
  return {
    url: `etcd:///${Hosts.join(",")}?key=${encodeURIComponent(Key)}`,
    target: { scheme: "etcd", hosts: Hosts, service: Key, params: {}, settings: { ...settings, ...lease } },
  };
}
