import assert from "node:assert/strict";
import { test } from "node:test";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional(), StockRpc: rpcClientConfig.optional() });

test("every key of server and client is read", async () => {
  const { config } = await file.load(
    `Name: cart.rpc
ListenOn: "[::]:0"
Etcd:
  Hosts: [http://h1:2379, "[::1]:2379"]
  Key: prod/cart.rpc
  ID: 9223372036854775807
  User: root
  Pass: "123"
  CertFile: a.pem
  CertKeyFile: a.key
  CACertFile: ca.pem
  InsecureSkipVerify: yes
  TTL: 30s
  Layout: kratos
DevServer: { Port: 0, HealthPath: /health }
Prometheus: { Host: 127.0.0.1 }
Timeout: 0
Health: N
Mode: dev
Log: { Level: severe, Mode: file, Path: logs, KeepDays: 7 }
MethodTimeouts:
  - FullMethod: /cart.Cart/Checkout
    Timeout: 1m30s
Shutdown: { WrapUpTime: 500ms, WaitTime: 30s }
Auth: true
Redis: { Host: "r1:6379,r2:6379", Type: cluster, User: u, Pass: p, Tls: true, CACertFile: r.pem, NonBlock: no, PingTimeout: 2s, Key: k }
StrictControl: yes
Middlewares: { Stat: no, StatConf: { SlowThreshold: 2s, IgnoreContentMethods: [/a.B/C] }, Breaker: false }
MetricsUrl: http://metrics:8080/report
Telemetry: { Name: cart, Endpoint: "otel:4318", Sampler: 0.1, Batcher: otlphttp, OtlpHeaders: { x-tenant: 7 }, OtlpHttpPath: /t, OtlpHttpSecure: yes, Disabled: on }
CpuThreshold: 800
Methods:
  - FullMethod: /cart.Cart/Export
    Criticality: sheddable
  - { FullMethod: /cart.Pay/*, Criticality: critical }
Advertise: eth0
Weight: 2.5
Zone: no
Metadata: { version: "1.10" }
OrderRpc:
  Target: etcd:///h1:2379?key=order.rpc
  App: cart
  Token: secret
  NonBlock: false
  Timeout: 500
  KeepaliveTime: 20s
  Middlewares: { Breaker: false }
  BalancerName: p2c_ewma
  Subset: 20
  Zone: eu-1a
  HealthCheck: false
  MaxSetAside: 0.25
  SlowThreshold: 300ms
  Retry: { MaxAttempts: 4, MaxBackoff: 2s, Budget: 0.2 }
  Snapshot: { Dir: /var/cache/shop, MaxAge: 1h }
  Presence: true
  Methods:
    - FullMethod: /order.Order/*
      Timeout: 1.5s
    - { fullmethod: /order.Order/Get, Hedge: { Delay: 20ms } }
    - { FullMethod: /order.Order/Pay, Retry: { MaxAttempts: 1 }, hedge: false }
    - { FullMethod: /order.Order/List, Hedge: {} }
StockRpc: { Target: dns:///stock:80, BalancerName: round_robin }
`,
    server,
  );
  const { StockRpc, ...others } = config;
  assert.equal(StockRpc?.BalancerName, "round_robin");
  assert.deepEqual(others, {
    Name: "cart.rpc",
    ListenOn: "[::]:0",
    Etcd: {
      Hosts: ["http://h1:2379", "[::1]:2379"],
      Key: "prod/cart.rpc",
      ID: 9223372036854775807n,
      User: "root",
      Pass: "123",
      CertFile: "a.pem",
      CertKeyFile: "a.key",
      CACertFile: "ca.pem",
      InsecureSkipVerify: true,
      TTL: 30_000,
      Layout: "kratos",
    },
    DevServer: {
      Enabled: true,
      Host: "",
      Port: 0,
      MetricsPath: "/metrics",
      HealthPath: "/health",
      EnableMetrics: true,
      EnablePprof: true,
      HealthResponse: "OK",
    },
    Prometheus: { Host: "127.0.0.1", Port: 9101, Path: "/metrics" },
    Timeout: 0,
    Health: false,
    Mode: "dev",
    Log: { Level: "error", Mode: undefined, Path: undefined, KeepDays: undefined },
    MethodTimeouts: [{ FullMethod: "/cart.Cart/Checkout", Timeout: 90_000 }],
    Shutdown: { WrapUpTime: 500, WaitTime: 30_000 },
    Auth: true,
    Redis: {
      Host: "r1:6379,r2:6379",
      Type: "cluster",
      User: "u",
      Pass: "p",
      Tls: true,
      CACertFile: "r.pem",
      NonBlock: false,
      PingTimeout: 2_000,
      Key: "k",
    },
    StrictControl: true,
    Middlewares: {
      Stat: false,
      StatConf: { SlowThreshold: 2_000, IgnoreContentMethods: undefined },
      Recover: true,
      Trace: true,
      Prometheus: true,
      Breaker: false,
    },
    MetricsUrl: "http://metrics:8080/report",
    Telemetry: {
      Name: "cart",
      Endpoint: "otel:4318",
      Sampler: 0.1,
      Batcher: "otlphttp",
      OtlpHeaders: { "x-tenant": "7" },
      OtlpHttpPath: "/t",
      OtlpHttpSecure: true,
      Disabled: true,
    },
    CpuThreshold: 800,
    Methods: [
      { FullMethod: "/cart.Cart/Export", Criticality: "sheddable" },
      { FullMethod: "/cart.Pay/*", Criticality: "critical" },
    ],
    Advertise: "eth0",
    Weight: 2.5,
    Zone: "no",
    Metadata: { version: "1.10" },
    OrderRpc: {
      Target: "etcd:///h1:2379?key=order.rpc",
      App: "cart",
      Token: "secret",
      NonBlock: false,
      Timeout: 500,
      KeepaliveTime: 20_000,
      Middlewares: { Trace: true, Duration: true, Prometheus: true, Breaker: false, Timeout: true },
      BalancerName: "p2c_ewma",
      Subset: 20,
      Zone: "eu-1a",
      HealthCheck: false,
      MaxSetAside: 0.25,
      SlowThreshold: 300,
      Snapshot: { Dir: "/var/cache/shop", MaxAge: 3_600_000 },
      Presence: true,
      Retry: { MaxAttempts: 4, InitialBackoff: 50, MaxBackoff: 2000, Codes: ["UNAVAILABLE"], Budget: 0.2 },
      Methods: [
        { FullMethod: "/order.Order/*", Timeout: 1500 },
        { FullMethod: "/order.Order/Get", Hedge: { MaxAttempts: 2, Delay: 20 } },
        {
          FullMethod: "/order.Order/Pay",
          Retry: { MaxAttempts: 1, InitialBackoff: 50, MaxBackoff: 1000, Codes: ["UNAVAILABLE"] },
          Hedge: false,
        },
        { FullMethod: "/order.Order/List", Hedge: { MaxAttempts: 2 } },
      ],
    },
  });
});
