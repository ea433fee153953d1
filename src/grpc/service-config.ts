import type { ChannelOptions } from "@grpc/grpc-js";
import { type MethodConfig, parseDuration, type ServiceConfig } from "./shield/experimental.js";
import { checkPolicies } from "./shield/policies.js";

/** Names of Rollcall's load-balancing policies in service configs; the first is selected where nobody chooses. */
export const POLICY = "p2c_ewma";
export const HASH_POLICY = "consistent_hash";

/** Whether a policy is one of Rollcall's, which know how to wait for instances. */
export function isRollcallPolicy(name: string): boolean {
  return name === POLICY || name === HASH_POLICY;
}

/** What a channel is to do, and by which policy. */
export interface ChosenConfig {
  readonly config: ServiceConfig;
  /** Whether the application chose the policy; then grpc-js uses the application's config as it is. */
  readonly own: boolean;
  /** The name of the policy that grpc-js uses. */
  readonly policy: string;
}

/**
 * The service config that a resolver hands its channel: Rollcall's policy, unless the application's own
 * `grpc.service_config` chooses one.
 * @throws Error when the application's service config is not JSON, or chooses a policy that is not known or refuses its config.
 */
export function serviceConfigFor(options: ChannelOptions): ChosenConfig {
  const text = options["grpc.service_config"];
  const given = text === undefined ? {} : (JSON.parse(text) as Partial<ServiceConfig>);
  const { methodConfig: methods = [], loadBalancingConfig: policies = [], retryThrottling } = given;
  if (!Array.isArray(methods))
    throw new Error(`grpc.service_config has methodConfig ${JSON.stringify(methods)}; expected a list`);
  const methodConfig = methods.map(withParsedTimeout);
  const own = policies.length > 0;
  const policy = own ? checked(policies) : POLICY;
  const loadBalancingConfig = own ? policies : [{ [POLICY]: {} }];
  return { config: { loadBalancingConfig, methodConfig, ...(retryThrottling && { retryThrottling }) }, own, policy };
}

function checked(configs: readonly Record<string, object>[]): string {
  try {
    return checkPolicies(configs);
  } catch (error) {
    throw new Error(`grpc.service_config cannot be obeyed: ${(error as Error).message}`, { cause: error });
  }
}

/** In JSON a timeout is a string ("1.5s"); grpc-js wants it taken apart. */
function withParsedTimeout(method: MethodConfig): MethodConfig {
  const timeout = method.timeout as unknown;
  if (typeof timeout !== "string") return method;
  const parsed = parseDuration(timeout);
  if (!parsed)
    throw new Error(`grpc.service_config has a timeout ${JSON.stringify(timeout)}; expected seconds such as "1.5s"`);
  return { ...method, timeout: parsed };
}

/**
 * The method config that applies to a path such as `/pkg.Service/Method`: an exact name, else one for the service, else
 * one without a name (https://github.com/grpc/grpc/blob/master/doc/service_config.md).
 */
export function methodConfigFor(path: string, configs: readonly MethodConfig[]): MethodConfig {
  const [, service = "", method = ""] = path.split("/");
  const find = (wanted: (name: { service?: string; method?: string }) => boolean) =>
    configs.find((config) => config.name.some(wanted));
  return (
    find((name) => name.service === service && name.method === method) ??
    find((name) => name.service === service && !name.method) ??
    find((name) => !name.service) ?? { name: [] }
  );
}
