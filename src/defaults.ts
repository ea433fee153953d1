/**
 * Every default of the configuration, once. Schemas fill them in, the runtime reads them, and a test holds the tables of
 * docs/configuration.md against them. Names are those of the YAML; times are milliseconds. Where go-zero has the key, its
 * default is the same.
 */

/** A server: go-zero's zrpc.RpcServerConf. */
export const SERVER_DEFAULTS = {
  Timeout: 2_000,
  Health: true,
  Mode: "pro",
  StrictControl: false,
  CpuThreshold: 900,
  Weight: 1,
} as const;

/** A server's go-zero middlewares. */
export const SERVER_MIDDLEWARE_DEFAULTS = {
  Stat: true,
  SlowThreshold: 500,
  Recover: true,
  Trace: true,
  Prometheus: true,
  Breaker: true,
} as const;

/** A server's end: go-zero's proc.ShutdownConf. */
export const SHUTDOWN_DEFAULTS = { WrapUpTime: 1_000, WaitTime: 5_500 } as const;

/** A client: go-zero's zrpc.RpcClientConf. Subset 0 is all instances. */
export const CLIENT_DEFAULTS = {
  NonBlock: true,
  Timeout: 2_000,
  BalancerName: "p2c_ewma",
  Subset: 0,
  HealthCheck: true,
  MaxSetAside: 0.5,
  SlowThreshold: 500,
  Presence: false,
} as const;

/** The key of consistent_hash. */
export const HASH_KEY_DEFAULTS = { BoundedLoad: 0 } as const;

/** A client's go-zero middlewares. */
export const MIDDLEWARE_DEFAULTS = {
  Trace: true,
  Duration: true,
  Prometheus: true,
  Breaker: true,
  Timeout: true,
} as const;

/** Retries, once switched on. MaxAttempts counts the first; Budget is retries for each call that succeeds. */
export const RETRY_DEFAULTS = {
  MaxAttempts: 3,
  InitialBackoff: 50,
  MaxBackoff: 1_000,
  Codes: ["UNAVAILABLE"],
  Budget: 0.1,
} as const;

/** Hedging, once switched on. MaxAttempts counts the first; Budget is second copies for each call, over all methods. */
export const HEDGE_DEFAULTS = { MaxAttempts: 2, Budget: 0.05 } as const;

/** etcd: go-zero's discov.EtcdConf; TTL is what go-zero's publisher takes. */
export const ETCD_DEFAULTS = { InsecureSkipVerify: false, TTL: 10_000, Layout: "go-zero" } as const;

/** The last known set of a target on disk, once switched on. */
export const SNAPSHOT_DEFAULTS = { MaxAge: 7 * 24 * 3_600_000 } as const;

/** go-zero's redis.RedisConf. */
export const REDIS_DEFAULTS = { Type: "node", Tls: false, NonBlock: true, PingTimeout: 1_000 } as const;

/** go-zero's devserver.Config. */
export const DEV_SERVER_DEFAULTS = {
  Enabled: true,
  Host: "",
  Port: 6060,
  MetricsPath: "/metrics",
  HealthPath: "/healthz",
  EnableMetrics: true,
  EnablePprof: true,
  HealthResponse: "OK",
} as const;

/** go-zero's prometheus.Config. Without a Host it is off. */
export const PROMETHEUS_DEFAULTS = { Host: "", Port: 9101, Path: "/metrics" } as const;

/** go-zero's trace.Config. Without an Endpoint nothing is started. */
export const TELEMETRY_DEFAULTS = { Sampler: 1, Batcher: "otlpgrpc", OtlpHttpSecure: false, Disabled: false } as const;

/**
 * How often grpc-go servers let a client ping without closing the connection (`too_many_pings`), unless they are told
 * otherwise: keepalive.EnforcementPolicy.MinTime. Milliseconds.
 */
export const GRPC_GO_MIN_PING_INTERVAL = 300_000;
