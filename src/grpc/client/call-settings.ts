import type { ClientConfig, MethodGiven, RetryGiven } from "../../config/schema/client-target.js";
import { CLIENT_DEFAULTS, HEDGE_DEFAULTS, MIDDLEWARE_DEFAULTS, RETRY_DEFAULTS } from "../../defaults.js";
import { anyMethodOf } from "../any-method-of.js";
import { HASH_POLICY, POLICY } from "../service-config.js";

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
  HashKey,
  Retry,
  Hedge,
  Methods = [],
}: ClientConfig): object {
  // go-zero writes an empty name for the default.
  const name = BalancerName || POLICY;
  const members = { subset: Subset, healthCheck: HealthCheck, maxSetAside: MaxSetAside };
  const breaker = Middlewares?.Breaker ?? MIDDLEWARE_DEFAULTS.Breaker;
  const own: Readonly<Record<string, object>> = {
    [POLICY]: { ...members, zone: Zone, breaker },
    [HASH_POLICY]: { ...members, requestHashHeader: HashKey?.Metadata, boundedLoad: HashKey?.BoundedLoad },
  };
  const all = [{}];
  const fixed = Hedge?.Delay === undefined ? [] : [{ name: all, ...hedgingPolicy(Hedge, Hedge.Delay) }];
  const retries = Retry ? [{ name: all, ...retryPolicy(Retry) }] : fixed;
  const methods = [...new Set(Methods.map(({ FullMethod }) => FullMethod))].flatMap((path) =>
    methodConfig(path, settingsFor(path, Methods), Retry),
  );
  return {
    loadBalancingConfig: [{ [name]: own[name] ?? {} }],
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
  return (path) => limits.get(path) ?? limits.get(anyMethodOf(path));
}

/** What a client allows of the calls of a path that is hedged after a live percentile. */
export interface HedgedMethod {
  /** Attempts in all, retries and second copies together. */
  readonly mostAttempts: number;
}

/** Whether any calls are hedged by the client itself; those with a fixed Delay are by grpc-js. */
export function hedgesItself({ Hedge, Methods = [] }: ClientConfig): boolean {
  return isLive(Hedge) || Methods.some((method) => isLive(method.Hedge));
}

/** Whether and how calls of a path are hedged by the client itself. */
export function hedgedMethods(config: ClientConfig): (path: string) => HedgedMethod | undefined {
  const { Hedge, Retry, Methods = [] } = config;
  if (!hedgesItself(config)) return () => undefined;
  return (path) => {
    const method = settingsFor(path, Methods);
    if (!isLive(method.Hedge ?? Hedge)) return undefined;
    const retry = method.Retry ?? Retry;
    return { mostAttempts: retry ? Math.max(2, retry.MaxAttempts ?? RETRY_DEFAULTS.MaxAttempts) : 2 };
  };
}

function isLive(hedge: MethodGiven["Hedge"]): boolean {
  return hedge !== undefined && hedge !== false && hedge.Delay === undefined;
}

type MethodSettings = Pick<MethodGiven, "Retry" | "Hedge">;

/** What Methods say of a path: the first entry that names it, then the first that names its service, each for what it says. */
function settingsFor(path: string, methods: readonly MethodGiven[]): MethodSettings {
  const service = anyMethodOf(path);
  const named = (name: string) => methods.filter(({ FullMethod }) => FullMethod === name);
  const entries = path === service ? named(path) : [...named(path), ...named(service)];
  const retry = entries.find(({ Retry }) => Retry !== undefined);
  const hedge = entries.find(({ Hedge }) => Hedge !== undefined);
  // gRPC knows either retries or copies after a fixed delay: the nearer entry's.
  const nearer = retry && hedge && entries.indexOf(retry) < entries.indexOf(hedge);
  const isFixed = hedge?.Hedge && hedge.Hedge.Delay !== undefined;
  return { Retry: retry?.Retry, Hedge: nearer && isFixed ? false : hedge?.Hedge };
}

/** The first config that names a method is the one that grpc-js takes, so what the method leaves open is the client's. */
function methodConfig(path: string, { Retry, Hedge }: MethodSettings, clients: RetryGiven | undefined): object[] {
  if (Retry === undefined && Hedge === undefined) return [];
  const [, service, method] = path.split("/");
  const name = [method === "*" ? { service } : { service, method }];
  if (Hedge && Hedge.Delay !== undefined) return [{ name, ...hedgingPolicy(Hedge, Hedge.Delay) }];
  const retry = Retry ?? clients;
  return [{ name, ...(retry && retryPolicy(retry)) }];
}

function hedgingPolicy(
  { MaxAttempts = HEDGE_DEFAULTS.MaxAttempts }: { MaxAttempts?: number | undefined },
  delay: number,
) {
  // An attempt that is refused does not end the others.
  const nonFatalStatusCodes = ["UNAVAILABLE"];
  return { hedgingPolicy: { maxAttempts: MaxAttempts, hedgingDelay: seconds(delay), nonFatalStatusCodes } };
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
