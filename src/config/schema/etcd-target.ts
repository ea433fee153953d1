import type { Target } from "../../registry.js";
import type { EtcdConfig } from "./etcd-config.js";

/** A part of the configuration as code may give it: what is left out, or undefined, has its default. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A registry and a key, as configuration gives them. */
export type EtcdGiven = Given<Omit<EtcdConfig, "Hosts" | "Key">> & Pick<EtcdConfig, "Hosts" | "Key">;

/** The URL that names the target to grpc-js, and the target itself, which may hold secrets that no URL should. */
export interface NamedTarget {
  readonly url: string;
  readonly target: Target;
}

/** @throws TypeError when the section has no host or no key. */
export function targetOfEtcd({ Hosts, Key, TTL, User, Pass, ...others }: EtcdGiven): NamedTarget {
  if (!Hosts?.length)
    throw new TypeError("Etcd.Hosts is empty; expected at least one address, for example 127.0.0.1:2379");
  if (!Key) throw new TypeError("Etcd.Key is empty; expected the service key, for example order.rpc");
  const settings = {
    ...others,
    // As for go-zero, name and password count together.
    ...(User && Pass ? { User, Pass } : {}),
    ...(TTL !== undefined && { ttlSeconds: TTL / 1000 }),
  };
  return {
    url: `etcd:///${Hosts.join(",")}?key=${encodeURIComponent(Key)}`,
    target: { scheme: "etcd", hosts: Hosts, service: Key, params: {}, settings },
  };
}
