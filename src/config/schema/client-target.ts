import { canonicalUrl, parseTargetUrl } from "../../target/parse.js";
import type { HedgeConfig, MethodSettings, RetryConfig } from "./call-settings.js";
import { type EtcdGiven, type Given, type NamedTarget, targetOfEtcd } from "./etcd-target.js";
import type { RpcClientConfig } from "./rpc-client-config.js";

export type RetryGiven = Given<RetryConfig>;

export type MethodGiven = Pick<MethodSettings, "FullMethod"> & {
  readonly Timeout?: number | undefined;
  readonly Retry?: RetryGiven | undefined;
  readonly Hedge?: Given<Exclude<NonNullable<MethodSettings["Hedge"]>, false>> | false | undefined;
};

/**
 * Which service to call and how: what `rpcClientConfig` reads, with the defaults that docs/configuration.md states for
 * what is left out. Of Endpoints, Target and Etcd the first given counts.
 */
export type ClientConfig = Given<
  Omit<RpcClientConfig, "Etcd" | "Middlewares" | "Retry" | "Hedge" | "Methods" | "HashKey" | "Snapshot">
> & {
  readonly Etcd?: EtcdGiven | undefined;
  readonly Middlewares?: Given<RpcClientConfig["Middlewares"]> | undefined;
  readonly Retry?: RetryGiven | undefined;
  readonly Hedge?: Given<HedgeConfig> | undefined;
  readonly Methods?: readonly MethodGiven[] | undefined;
  readonly HashKey?: Given<NonNullable<RpcClientConfig["HashKey"]>> | undefined;
  readonly Snapshot?: Given<NonNullable<RpcClientConfig["Snapshot"]>> | undefined;
};

/** @throws TypeError when nothing says where the instances are, or a target URL is malformed. */
export function targetOfClient({ Endpoints, Target, Etcd }: ClientConfig): NamedTarget {
  if (Endpoints?.length) {
    const url = `direct:///${Endpoints.join(",")}`;
    return { url, target: parseTargetUrl(url) };
  }
  if (Target) {
    return { url: canonicalUrl(Target), target: parseTargetUrl(Target) };
  }
  if (Etcd) return targetOfEtcd(Etcd);
  throw new TypeError(
    "nothing says where the instances are: give Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)",
  );
}
