import type { Target } from "../registry.js";
import type { EtcdConfig } from "./etcd-config.js";
import type { RpcClientConfig } from "./rpc-client-config.js";
import type { RpcServerConfig } from "./rpc-server-config.js";
import { parseTargetUrl } from "./target.js";

/** Where the instances of a service that is called are found: Endpoints, then Target, then Etcd. */
export function clientTarget(config: Pick<RpcClientConfig, "Endpoints" | "Target" | "Etcd">): Target {
  const { Endpoints, Target, Etcd } = config;
  if (Endpoints?.length) return { scheme: "direct", hosts: Endpoints, service: Endpoints.join(","), params: {} };
  if (Target) return parseTargetUrl(Target);
  if (Etcd) return etcdTarget(Etcd);
  throw new TypeError("nothing says where the instances are: give Endpoints, Target or Etcd");
}

/** Where a server is registered, if anywhere. */
export function registrarTarget({ Etcd }: Pick<RpcServerConfig, "Etcd">): Target | undefined {
  return Etcd && etcdTarget(Etcd);
}

function etcdTarget({ Hosts, Key, TTL, User, Pass, ...settings }: EtcdConfig): Target {
  // Like go-zero, log in only when both are there.
  const account = User !== undefined && Pass !== undefined ? { User, Pass } : {};
  return {
    scheme: "etcd",
    hosts: Hosts,
    service: Key,
    params: {},
    settings: { ...settings, ...account, ttlSeconds: TTL / 1000 },
  };
}
