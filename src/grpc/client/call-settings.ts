import type { ClientConfig, MethodGiven, RetryGiven } from "../../config/client-target.js";
import { CLIENT_DEFAULTS, HEDGE_DEFAULTS, MIDDLEWARE_DEFAULTS, RETRY_DEFAULTS } from "../../defaults.js";
import { POLICY } from "../service-config.js";

/**
 * The largest budget that gRPC allows for retries that come at once (an instance with hundreds of calls in flight dies).
 * While half of it is spent there are no retries, so a whole service that is down costs at most 500 of them.
 */
const MOST_TOKENS = 1_000;

/** What a client's configuration says in terms of a gRPC service config, which grpc-js carries out. */
export function clientServiceConfig({
  BalancerName,
  Subset = CLIENT_DEFAULTS.Subset,
  HealthCheck = CLIENT_DEFAULTS.HealthCheck,
  MaxSetAside = CLIENT_DEFAULTS.MaxSetAside,
  Middlewares,
  Zone,
  Retry,
  Methods = [],
}: ClientConfig): object {
  // go-zero writes an empty name for the default.
  const name = BalancerName || POLICY;
  const breaker = Middlewares?.Breaker ?? MIDDLEWARE_DEFAULTS.Breaker;
  const own = { subset: Subset, healthCheck: HealthCheck, maxSetAside: MaxSetAside, breaker };
  const balancer = name === POLICY ? { ...own, zone: Zone } : {};
  const retries = Retry ? [{ name: [{}], ...retryPolicy(Retry) }] : [];
  const methods = Methods.filter((method) => method.Retry || method.Hedge).map(methodConfig);
  return {
    loadBalancingConfig: [{ [name]: balancer }],
    methodConfig: [...methods, ...retries],
    ...(retries.length + methods.length > 0 && {
      retryThrottling: { maxTokens: MOST_TOKENS, tokenRatio: Retry?.Budget ?? RETRY_DEFAULTS.Budget },
    }),
  };
}

/** The limit of a method that has one of its own, in milliseconds; 0 = none. */
export function callTimeouts({ Methods = [] }: ClientConfig): (path: string) => number | undefined {
  const limits = new Map<string, number>();
  for (const { FullMethod, Timeout } of Methods) {
    if (Timeout !== undefined && !limits.has(FullMethod)) limits.set(FullMethod, Timeout);
  }
  if (limits.size === 0) return () => undefined;
  return (path) => limits.get(path) ?? limits.get(path.replace(/[^/]+$/, "*"));
}

function methodConfig({ FullMethod, Retry, Hedge }: MethodGiven): object {
  const [, service, method] = FullMethod.split("/");
  const name = [method === "*" ? { service } : { service, method }];
  if (!Hedge) return { name, ...retryPolicy(Retry ?? {}) };
  const { MaxAttempts = HEDGE_DEFAULTS.MaxAttempts, Delay } = Hedge;
  // An attempt that is refused does not end the others.
  const nonFatalStatusCodes = ["UNAVAILABLE"];
  return { name, hedgingPolicy: { maxAttempts: MaxAttempts, hedgingDelay: seconds(Delay), nonFatalStatusCodes } };
}

function retryPolicy({
  MaxAttempts = RETRY_DEFAULTS.MaxAttempts,
  InitialBackoff = RETRY_DEFAULTS.InitialBackoff,
  MaxBackoff = RETRY_DEFAULTS.MaxBackoff,
  Codes = [...RETRY_DEFAULTS.Codes],
}: RetryGiven): object {
  if (MaxAttempts < 2) return {};
  return {
    retryPolicy: {
      maxAttempts: MaxAttempts,
      initialBackoff: seconds(InitialBackoff),
      maxBackoff: seconds(MaxBackoff),
      backoffMultiplier: 2,
      retryableStatusCodes: Codes,
    },
  };
}

/** Milliseconds as protobuf's JSON writes a duration. */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(6)}s`;
}
