import { z } from "zod";
import { etcdConfig } from "./etcd-config.js";
import { goZeroOnly, goZeroOnlyWithWarning } from "./field-annotations.js";
import { flag, goDuration, milliseconds, optionalText, readable, text } from "./fields.js";
import { parseListenAddress } from "./listen-address.js";

/** go-zero's logx.LogConf, of which the level counts here. */
const logConfig = z.object({
  /** Read into a level of Rollcall's log: severe becomes error. Without it `$ROLLCALL_LOG_LEVEL` counts, then info. */
  Level: z
    .enum(["debug", "info", "error", "severe"], { error: "expected debug, info, error or severe" })
    .transform((level) => (level === "severe" ? "error" : level))
    .optional(),
  ServiceName: goZeroOnly,
  Mode: goZeroOnly,
  Encoding: goZeroOnly,
  TimeFormat: goZeroOnly,
  Path: goZeroOnly,
  MaxContentLength: goZeroOnly,
  Compress: goZeroOnly,
  Stat: goZeroOnly,
  KeepDays: goZeroOnly,
  StackCooldownMillis: goZeroOnly,
  MaxBackups: goZeroOnly,
  MaxSize: goZeroOnly,
  Rotation: goZeroOnly,
  FileTimeFormat: goZeroOnly,
  FieldKeys: goZeroOnly,
});

const methodTimeout = z.object({
  FullMethod: z
    .string({ error: "expected /package.Service/Method" })
    .regex(/^\/[^/]+\/[^/]+$/, { error: "expected /package.Service/Method" }),
  /** In milliseconds (written as a Go duration); 0 = none. */
  Timeout: goDuration(),
});

/** go-zero's proc.ShutdownConf. Both are read into milliseconds. */
const shutdownConfig = z
  .object({
    /** How long a server that is no longer listed keeps answering, so that every client has seen it go. */
    WrapUpTime: goDuration().default(1000),
    /** How long after the signal everything must have ended; then it is ended by force. WrapUpTime is part of it. */
    WaitTime: goDuration().default(5500),
  })
  .refine(({ WrapUpTime, WaitTime }) => WrapUpTime <= WaitTime, {
    path: ["WaitTime"],
    error: "is shorter than WrapUpTime, which is part of it",
  });

/** A service: go-zero's zrpc.RpcServerConf. */
export const rpcServerConfig = z.object({
  Name: text("the service's name, for example order.rpc"),
  /** `host:port`; an empty host means all interfaces, port 0 any free port. */
  ListenOn: readable(parseListenAddress, "host:port, for example 0.0.0.0:8080"),
  /** Without it the server is not registered. */
  Etcd: etcdConfig.optional(),
  /** Longest time a call may take, in milliseconds; 0 = no limit. */
  Timeout: milliseconds().default(2000),
  /** Serve grpc.health.v1. */
  Health: flag(true),
  Mode: z.enum(["dev", "test", "rt", "pre", "pro"], { error: "expected dev, test, rt, pre or pro" }).default("pro"),
  Log: logConfig.prefault({}),
  /** Limits of single methods, instead of Timeout. */
  MethodTimeouts: z.array(methodTimeout, { error: "expected a list of FullMethod and Timeout" }).default([]),
  Shutdown: shutdownConfig.prefault({}),

  /** Rollcall's own: what to register instead of what ListenOn says: an address, an interface's name or a CIDR. */
  Advertise: optionalText("an address, the name of a network interface, or a CIDR"),
  /** Rollcall's own: share of the traffic compared to other instances, above 0; the usual is 1. */
  Weight: z.number({ error: "expected a number above 0" }).positive({ error: "expected a number above 0" }).optional(),
  /** Rollcall's own: the failure domain this instance runs in. */
  Zone: optionalText("the name of a zone"),
  /** Rollcall's own: further facts about this instance. */
  Metadata: z
    .record(z.string(), z.string(), {
      error: "expected names with texts",
    })
    .optional(),

  MetricsUrl: goZeroOnly,
  Prometheus: goZeroOnly,
  Telemetry: goZeroOnly,
  DevServer: goZeroOnly,
  Profiling: goZeroOnly,
  Auth: goZeroOnlyWithWarning(
    "has no effect: nothing checks the app and token of callers; check them in an interceptor",
  ),
  Redis: goZeroOnly,
  StrictControl: goZeroOnly,
  CpuThreshold: goZeroOnly,
  Middlewares: goZeroOnly,
});

export type RpcServerConfig = z.output<typeof rpcServerConfig>;
