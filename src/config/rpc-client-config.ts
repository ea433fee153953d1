import { z } from "zod";
import { parseTargetUrl } from "../target/parse.js";
import { methodSettings, retryConfig } from "./call-settings.js";
import { etcdConfig } from "./etcd-config.js";
import { inherit } from "./field-annotations.js";
import { address, flag, goDuration, milliseconds, optionalText } from "./fields.js";

export const BALANCERS = ["p2c_ewma", "round_robin", "pick_first"] as const;

const middlewares = z.object({
  Trace: flag(true),
  Duration: flag(true),
  Prometheus: flag(true),
  Breaker: flag(true),
  Timeout: flag(true),
});

const target = optionalText("a target URL, for example dns:///order-rpc:8080").superRefine((url, context) => {
  try {
    if (url) parseTargetUrl(url);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
});

/**
 * One service that is called: go-zero's zrpc.RpcClientConf. `Endpoints`, `Target` and `Etcd` say where its instances
 * are; of several the first in this order counts, and one there must be.
 */
export const rpcClientConfig = z
  .object({
    Etcd: inherit(etcdConfig.optional(), { unless: ["Endpoints", "Target"], notToShare: "Key" }),
    /** Fixed addresses, `host:port` each. */
    Endpoints: z
      .array(address, { error: 'expected a list of addresses, host:port each (lines beginning with "- ")' })
      .transform((endpoints) => (endpoints.length > 0 ? endpoints : undefined))
      .optional(),
    /** A target URL, for example `dns:///order-rpc:8080`. */
    Target: target,
    /** Sent as metadata `app` and `token` with every call when both are given. */
    App: optionalText("the name by which this application is known to the server"),
    Token: optionalText("the token that belongs to App"),
    /** Accepted; making a client never waits here, its calls do. */
    NonBlock: flag(true),
    /** Deadline of calls that bring none, in milliseconds; 0 = none. */
    Timeout: milliseconds().default(2000),
    /** Time between HTTP/2 pings, in milliseconds (written as a Go duration). */
    KeepaliveTime: goDuration().optional(),
    Middlewares: middlewares.prefault({}),
    BalancerName: z
      .preprocess(
        (name) => name || "p2c_ewma",
        z.enum(BALANCERS, { error: "expected p2c_ewma, round_robin or pick_first" }),
      )
      .default("p2c_ewma"),
    /** Rollcall's own: connect to this many of the instances only; 0 = all. */
    Subset: z.int({ error: "expected a number of instances, 0 for all" }).min(0).default(0),
    /** Rollcall's own: watch each instance's grpc.health.v1 and call none that is NOT_SERVING. */
    HealthCheck: flag(true),
    /** Rollcall's own: the zone this client runs in; instances of the same zone are preferred. Off when not given. */
    Zone: optionalText("the name of a zone"),
    /** Rollcall's own: try again what failed before anything was answered. Off by default; `Retry: {}` is on. */
    Retry: retryConfig.optional(),
    /** Rollcall's own: what is different for single methods. The first entry that names a method exactly counts, then `*`. */
    Methods: z.array(methodSettings, { error: "expected a list of methods, each with its FullMethod" }).default([]),
  })
  .refine(({ Endpoints, Target, Etcd }) => Endpoints || Target || Etcd, {
    error:
      "nothing says where the instances are; expected one of Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)",
  });

export type RpcClientConfig = z.output<typeof rpcClientConfig>;
