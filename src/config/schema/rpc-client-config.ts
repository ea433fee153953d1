import { z } from "zod";
import { CLIENT_DEFAULTS, GRPC_GO_MIN_PING_INTERVAL, HASH_KEY_DEFAULTS, MIDDLEWARE_DEFAULTS } from "../../defaults.js";
import { parseTargetUrl } from "../../target/parse.js";
import { isSecretName } from "../../target/secret-names.js";
import { hedgeConfig, methodSettings, retryConfig } from "./call-settings.js";
import { optionalEtcd } from "./etcd-config.js";
import { advise, inherit } from "./field-annotations.js";
import { addresses, duration, flag, milliseconds, type Notation, optionalText } from "./fields.js";
import { snapshotConfig } from "./observability-config.js";

export const BALANCERS = ["p2c_ewma", "consistent_hash", "round_robin", "pick_first"] as const;

const METADATA_NAME = "expected the name of metadata that is text, for example x-user-id";
const SHARE = "expected a share from 0 to 1";
const BOUND = "expected a number above 1, for example 1.25, or 0 for no bound";

const middlewares = z.object({
  /** Client spans. Default true. */
  Trace: flag(MIDDLEWARE_DEFAULTS.Trace),
  /** Log unary calls that take long and those that fail, never what they carried. Default true. */
  Duration: flag(MIDDLEWARE_DEFAULTS.Duration),
  /** Metrics of the calls. Default true. */
  Prometheus: flag(MIDDLEWARE_DEFAULTS.Prometheus),
  /** Keep calls of a method away from an instance where most of them fail, while others are there. Default true. */
  Breaker: flag(MIDDLEWARE_DEFAULTS.Breaker),
  /** Whether Timeout is applied, and that of Methods. Default true. */
  Timeout: flag(MIDDLEWARE_DEFAULTS.Timeout),
});

/** What gRPC sends as metadata: printable ASCII, of which nothing is shown where it is not. */
function metadataText(expected: string) {
  return optionalText(expected).refine((value) => value === undefined || /^[ -~]*$/.test(value), {
    error: "has characters that metadata cannot carry; expected printable ASCII",
  });
}

const hashKey = z.object({
  /** Name of the metadata whose value is the key. Default none. */
  Metadata: z
    .string({ error: METADATA_NAME })
    .regex(/^[\w.-]+$/, { error: METADATA_NAME })
    .refine((name) => !/-bin$/i.test(name), { error: METADATA_NAME })
    .optional(),
  /** How many times its even share of the calls in flight an instance takes at most; 0 = no limit, go-zero's choice. Default 0. */
  BoundedLoad: z
    .number({ error: BOUND })
    .refine((bound) => bound === 0 || bound > 1, { error: BOUND })
    .default(HASH_KEY_DEFAULTS.BoundedLoad),
});

const target = optionalText("a target URL, for example dns:///order-rpc:8080").superRefine((url, context) => {
  try {
    if (url) parseTargetUrl(url);
  } catch (error) {
    context.addIssue({ code: "custom", message: `${(error as Error).message}${hintFor(url!)}` });
  }
});

/** What was probably meant by a URL of another program. */
function hintFor(url: string): string {
  if (/^\s*https?:\/\//i.test(url)) return "; for a gRPC server write dns:///host:port, without http://";
  if (/^\s*(?:unix|unix-abstract|ipv4|ipv6|xds|passthrough):/i.test(url)) {
    return "; gRPC's own schemes unix, ipv4, ipv6, xds and passthrough are not balanced here: write direct:///host:port";
  }
  return "";
}

/** Settings that policies of Rollcall's obey, by those that do not know them. */
const UNKNOWN_TO: Readonly<Record<(typeof BALANCERS)[number], readonly string[]>> = {
  p2c_ewma: ["HashKey"],
  consistent_hash: ["Zone"],
  round_robin: ["HashKey", "Subset", "Zone", "MaxSetAside", "Snapshot"],
  pick_first: ["HashKey", "Subset", "Zone", "MaxSetAside", "Snapshot"],
};

/** A setting that its balancer would ignore. A default is no wish. */
function checkBalancer(config: { BalancerName: (typeof BALANCERS)[number] }, context: z.core.$RefinementCtx): void {
  const defaults: Readonly<Record<string, unknown>> = CLIENT_DEFAULTS;
  const given = config as Readonly<Record<string, unknown>>;
  for (const key of UNKNOWN_TO[config.BalancerName]) {
    if (given[key] === undefined || given[key] === defaults[key]) continue;
    const obey = BALANCERS.filter((name) => !UNKNOWN_TO[name].includes(key));
    context.addIssue({
      code: "custom",
      path: [key],
      message: `counts with BalancerName: ${obey.join(" or ")} alone`,
    });
  }
}

/** Whether it is etcd that says where the instances are. What cannot be read is refused elsewhere. */
function isInEtcd({ Endpoints, Target }: { Endpoints?: unknown; Target?: string | undefined }): boolean {
  if (Endpoints) return false;
  return Target === undefined || /^\s*(?:etcd|discov):/i.test(Target);
}

function secretIn(url: unknown): string | undefined {
  const names = [...new URLSearchParams(String(url ?? "").replace(/^[^?]*/, "")).keys()];
  return names.some(isSecretName)
    ? "has a password in its URL, where tools and logs of others may show it: write an Etcd section with User and Pass"
    : undefined;
}

function tooManyPings(ms: unknown): string | undefined {
  if (typeof ms !== "number" || ms === 0 || ms >= GRPC_GO_MIN_PING_INTERVAL) return undefined;
  return (
    "is below the 5 minutes that Go servers (grpc-go) allow unless they are told otherwise: they close connections that " +
    "ping more often (too_many_pings)"
  );
}

const clientSchema = (notation: Notation) =>
  z
    .object({
      /** go-zero's Etcd: a registry and the key to watch. Default that of the section around, for what is left out. */
      Etcd: inherit(optionalEtcd(notation), { unless: ["Endpoints", "Target"], notToShare: "Key" }),
      /** Fixed addresses, `host:port` each. Counts before Target and Etcd. Default none. */
      Endpoints: addresses()
        .transform((endpoints) => (endpoints.length > 0 ? endpoints : undefined))
        .optional(),
      /** A target URL, for example `dns:///order-rpc:8080`. Counts before Etcd. Default none. */
      Target: advise(target, secretIn),
      /** Sent as metadata `app` and `token` with every call when both are given. Default none. */
      App: metadataText("the name by which this application is known to the server"),
      Token: metadataText("the token that belongs to App"),
      /** Accepted; making a client never waits here, its calls do. Default true. */
      NonBlock: flag(CLIENT_DEFAULTS.NonBlock),
      /** Deadline of unary calls that bring none, in milliseconds; 0 = none. Default 2,000. */
      Timeout: milliseconds().default(CLIENT_DEFAULTS.Timeout),
      /**
       * grpc.keepalive_time_ms: time between HTTP/2 pings while calls run, and between probes of quiet connections, in milliseconds; 0
       * as if it were not given. Default none: pings after 310,000, probes after 230,000.
       */
      KeepaliveTime: advise(duration(notation).optional(), tooManyPings),
      Middlewares: middlewares.prefault({}),
      /** The policy of gRPC's loadBalancingConfig. Default p2c_ewma. */
      BalancerName: z
        .preprocess(
          (name) => (name === "" || name === null ? undefined : name),
          z
            .enum(BALANCERS, { error: "expected p2c_ewma, consistent_hash, round_robin or pick_first" })
            .default(CLIENT_DEFAULTS.BalancerName),
        )
        .default(CLIENT_DEFAULTS.BalancerName),
      /** Rollcall's own: what says the key of a call, for consistent_hash. Default withHashKey() alone. */
      HashKey: hashKey.optional(),
      /** Rollcall's own: connect to this many of the instances only; 0 = all, up to 500. Default 0. */
      Subset: z
        .int({ error: "expected a number of instances, 0 for all" })
        .min(0, { error: "expected a number of instances, 0 for all" })
        .default(CLIENT_DEFAULTS.Subset),
      /** Rollcall's own, gRPC's healthCheckConfig: watch each instance's grpc.health.v1 and call none that is NOT_SERVING. Default true. */
      HealthCheck: flag(CLIENT_DEFAULTS.HealthCheck),
      /**
       * Rollcall's own: largest share of the instances that may be set aside by their health, by failures and because they are full,
       * together; beyond it such signals are ignored. Default 0.5.
       */
      MaxSetAside: z
        .number({ error: SHARE })
        .min(0, { error: SHARE })
        .max(1, { error: SHARE })
        .default(CLIENT_DEFAULTS.MaxSetAside),
      /** Rollcall's own: unary calls that take longer are logged, in milliseconds; what go-zero sets by SetClientSlowThreshold. Default 500. */
      SlowThreshold: duration(notation).default(CLIENT_DEFAULTS.SlowThreshold),
      /** Rollcall's own: the zone this client runs in; instances of the same zone are preferred. Default none: no preference. */
      Zone: optionalText("the name of a zone"),
      /** Rollcall's own, gRPC's retryPolicy: try again what failed before anything was answered. Default off; `Retry: {}` is on. */
      Retry: retryConfig(notation).optional(),
      /** Rollcall's own: send the slowest calls a second time to another instance; for methods that may be carried out twice. Default off; `Hedge: {}` is on. */
      Hedge: hedgeConfig(notation).optional(),
      /** Rollcall's own, gRPC's methodConfig: what is different for single methods. The first entry that names a method exactly counts, then `*`. */
      Methods: z
        .array(methodSettings(notation), { error: "expected a list of methods, each with its FullMethod" })
        .default([]),
      /** Rollcall's own: keep the last known set on disk, for a start while the registry is away. Default off. */
      Snapshot: snapshotConfig(notation).optional(),
      /** Rollcall's own: say in the registry etcd which services this process calls, for `rollcall console`. Default false. */
      Presence: flag(CLIENT_DEFAULTS.Presence),
    })
    .refine(({ Retry, Hedge }) => !(Retry && Hedge?.Delay !== undefined), {
      error: "has both Retry and Hedge.Delay, of which gRPC carries out one; leave out Delay, or Retry",
    })
    .refine(({ Presence, ...where }) => !Presence || isInEtcd(where), {
      path: ["Presence"],
      error:
        "is for clients whose instances etcd lists; give Etcd, or a Target that begins with etcd:, or leave it out",
    })
    .superRefine(checkBalancer)
    .refine(({ Endpoints, Target, Etcd }) => Endpoints || Target || Etcd, {
      error:
        "nothing says where the instances are; expected one of Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)",
    });

/**
 * One service that is called: go-zero's zrpc.RpcClientConf. `Endpoints`, `Target` and `Etcd` say where its instances
 * are; of several the first in this order counts, and one there must be.
 */
export const rpcClientConfig = clientSchema("file");

/** The same of a configuration given in code: durations are milliseconds. */
export const clientConfigInCode = clientSchema("code");

export type RpcClientConfig = z.output<typeof rpcClientConfig>;
