import { z } from "zod";
import { SERVER_DEFAULTS, SERVER_MIDDLEWARE_DEFAULTS, SHUTDOWN_DEFAULTS } from "../../defaults.js";
import { optionalEtcd } from "./etcd-config.js";
import { advise, goZeroOnly } from "./field-annotations.js";
import { duration, flag, milliseconds, type Notation, optionalText, readable, text } from "./fields.js";
import { parseListenAddress } from "./listen-address.js";
import { devServerConfig, prometheusConfig } from "./observability-config.js";
import { redisConfig } from "./redis-config.js";
import { telemetryConfig } from "./telemetry-config.js";

/** go-zero's logx.LogConf, of which the level and the statistics count here. */
const logConfig = z.object({
  /** Read into a level of Rollcall's log: severe becomes error. Default `$ROLLCALL_LOG_LEVEL`, then info. */
  Level: z
    .enum(["debug", "info", "error", "severe"], { error: "expected debug, info, error or severe" })
    .transform((level) => (level === "severe" ? "error" : level))
    .optional(),
  /** Statistics once a minute, of the calls that were served and those that were made. Default true. */
  Stat: z.boolean({ error: "expected true or false" }).optional(),
  ServiceName: goZeroOnly(),
  Mode: goZeroOnly(),
  Encoding: goZeroOnly(),
  TimeFormat: goZeroOnly(),
  Path: goZeroOnly(),
  MaxContentLength: goZeroOnly(),
  Compress: goZeroOnly(),
  KeepDays: goZeroOnly(),
  StackCooldownMillis: goZeroOnly(),
  MaxBackups: goZeroOnly(),
  MaxSize: goZeroOnly(),
  Rotation: goZeroOnly(),
  FileTimeFormat: goZeroOnly(),
  FieldKeys: goZeroOnly(),
});

const methodTimeout = (notation: Notation) =>
  z.object({
    /** `/package.Service/Method`. Required. */
    FullMethod: z
      .string({ error: "expected /package.Service/Method" })
      .regex(/^\/[^/]+\/[^/]+$/, { error: "expected /package.Service/Method" }),
    /** In milliseconds; 0 = none. Required. */
    Timeout: duration(notation),
  });

const CPU_THRESHOLD = "expected thousandths from 1 to 999, or 0 for off";
const METHOD = "expected /package.Service/Method or /package.Service/*";

const methodCriticality = z.object({
  /** `/package.Service/Method`, or `/package.Service/*` for all of a service. Required. */
  FullMethod: z.string({ error: METHOD }).regex(/^\/[^/]+\/[^/]+$/, { error: METHOD }),
  /** `sheddable`: refused from half of what the server can hold; `critical`: never refused. Required. */
  Criticality: z.enum(["sheddable", "critical"], { error: "expected sheddable or critical" }),
});

/** go-zero's proc.ShutdownConf. */
const shutdownConfig = (notation: Notation) =>
  z
    .object({
      /** How long a server that is no longer listed keeps answering, so that every client has seen it go, in milliseconds. Default 1,000. */
      WrapUpTime: duration(notation).default(SHUTDOWN_DEFAULTS.WrapUpTime),
      /**
       * How long after the signal everything must have ended, in milliseconds; then it is ended by force. WrapUpTime is part of
       * it. Default 5,500.
       */
      WaitTime: duration(notation).default(SHUTDOWN_DEFAULTS.WaitTime),
    })
    .refine(({ WrapUpTime, WaitTime }) => WrapUpTime <= WaitTime, {
      path: ["WaitTime"],
      error: "is shorter than WrapUpTime, which is part of it",
    });

/** go-zero's zrpc.ServerMiddlewaresConf. */
const middlewares = (notation: Notation) =>
  z.object({
    /** Log slow calls, and once a minute how many there were and how long they took. Default true. */
    Stat: flag(SERVER_MIDDLEWARE_DEFAULTS.Stat),
    StatConf: z
      .object({
        /** Unary calls that take longer are logged, in milliseconds. Default 500. */
        SlowThreshold: duration(notation).default(SERVER_MIDDLEWARE_DEFAULTS.SlowThreshold),
        IgnoreContentMethods: goZeroOnly(),
      })
      .prefault({}),
    /** Accepted: a handler that crashes never ends the process. Default true. */
    Recover: advise(flag(SERVER_MIDDLEWARE_DEFAULTS.Recover), (on) =>
      on === false ? "has no effect: a handler that crashes answers INTERNAL and never ends the process" : undefined,
    ),
    /** Server spans. Default true. */
    Trace: flag(SERVER_MIDDLEWARE_DEFAULTS.Trace),
    /** Metrics of the calls. Default true. */
    Prometheus: flag(SERVER_MIDDLEWARE_DEFAULTS.Prometheus),
    /** Answer calls of a method that mostly fails without its handler, most of them. Default true. */
    Breaker: flag(SERVER_MIDDLEWARE_DEFAULTS.Breaker),
  });

const serverSchema = (notation: Notation) =>
  z.object({
    /** The service's name, in logs. Required in a file, as for go-zero. */
    Name: text("the service's name, for example order.rpc"),
    /** Where to listen, `host:port`; an empty host means all interfaces, port 0 any free port. Required. */
    ListenOn: readable(parseListenAddress, "host:port, for example 0.0.0.0:8080"),
    /** Where to register, and under which key. Default not at all. */
    Etcd: advise(optionalEtcd(notation), (etcd, given) =>
      etcd === undefined && given !== undefined ? "has no Hosts, so the server is not registered" : undefined,
    ),
    /** Longest time a unary call may take, in milliseconds; 0 = no limit. Default 2,000. */
    Timeout: milliseconds().default(SERVER_DEFAULTS.Timeout),
    /** Serve grpc.health.v1. Default true. */
    Health: flag(SERVER_DEFAULTS.Health),
    /** In dev, test, rt and pre a server refuses nothing because it is full. Default pro. */
    Mode: z
      .enum(["dev", "test", "rt", "pre", "pro"], { error: "expected dev, test, rt, pre or pro" })
      .default(SERVER_DEFAULTS.Mode),
    Log: logConfig.prefault({}),
    /** Limits of single methods, instead of Timeout. Default none. */
    MethodTimeouts: z
      .array(methodTimeout(notation), { error: "expected a list of FullMethod and Timeout" })
      .default([]),
    Shutdown: shutdownConfig(notation).prefault({}),

    Middlewares: middlewares(notation).prefault({}),
    /**
     * From so many thousandths of the event loop's time, or of the CPUs', calls are refused that the server cannot hold; 0 = none
     * are. Default 900.
     */
    CpuThreshold: z
      .int({ error: CPU_THRESHOLD })
      .min(0, { error: CPU_THRESHOLD })
      .max(999, { error: CPU_THRESHOLD })
      .default(SERVER_DEFAULTS.CpuThreshold),
    /** Where the numbers of each minute are posted, as go-zero's servers post them. Default nowhere. */
    MetricsUrl: optionalText("an http or https URL").refine((url) => url === undefined || /^https?:\/\/./.test(url), {
      error: "expected an http or https URL",
    }),
    /** Refuse callers without a valid `app` and `token`, by Redis or by a function of the application's. Default false. */
    Auth: z.boolean({ error: "expected true or false" }).optional(),
    /** Where the tokens of callers are. Default nowhere. */
    Redis: redisConfig(notation).optional(),
    /** Refuse callers whose token cannot be found out, too. Default false. */
    StrictControl: flag(SERVER_DEFAULTS.StrictControl),

    /** Rollcall's own: which methods a full server refuses first, and which never. Default none. */
    Methods: z
      .array(methodCriticality, { error: "expected a list of methods, each with its FullMethod and Criticality" })
      .default([]),
    /** Rollcall's own: what to register instead of what ListenOn says: an address, an interface's name or a CIDR. Default none. */
    Advertise: optionalText("an address, the name of a network interface, or a CIDR"),
    /** Rollcall's own: share of the traffic compared to other instances, above 0. Default 1. */
    Weight: z
      .number({ error: "expected a number above 0" })
      .positive({ error: "expected a number above 0" })
      .optional(),
    /** Rollcall's own: the failure domain this instance runs in. Default none. */
    Zone: optionalText("the name of a zone"),
    /** Rollcall's own: further facts about this instance. Default none. */
    Metadata: z
      .record(z.string(), z.string(), {
        error: "expected names with texts",
      })
      .optional(),

    /** go-zero's metrics and health over HTTP. Default off. */
    DevServer: devServerConfig.optional(),
    /** go-zero's older metrics over HTTP. Default off. */
    Prometheus: prometheusConfig.optional(),

    /** Export spans to a collector. Default off. */
    Telemetry: telemetryConfig.optional(),
    Profiling: goZeroOnly(),
  });

/** A service: go-zero's zrpc.RpcServerConf. */
export const rpcServerConfig = serverSchema("file");

/** The same of a configuration given in code: durations are milliseconds, and a server needs no name. */
export const serverConfigInCode = serverSchema("code").partial({ Name: true });

export type RpcServerConfig = z.output<typeof rpcServerConfig>;
