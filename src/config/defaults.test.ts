import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const client = z.object({ OrderRpc: rpcClientConfig });

test("the documented server file is the whole configuration, defaults included", async () => {
  const { config, warnings, ignored } = await file.load(
    `Name: order.rpc
ListenOn: 0.0.0.0:8080
Etcd:
  Hosts:
    - 127.0.0.1:2379
  Key: order.rpc
`,
    rpcServerConfig,
  );
  assert.deepEqual({ warnings, ignored }, { warnings: [], ignored: [] });
  assert.deepEqual(config, {
    Name: "order.rpc",
    ListenOn: "0.0.0.0:8080",
    Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc", InsecureSkipVerify: false, TTL: 10_000, Layout: "go-zero" },
    Timeout: 2000,
    Health: true,
    Mode: "pro",
    Log: {},
    MethodTimeouts: [],
    Shutdown: { WrapUpTime: 1000, WaitTime: 5500 },
    StrictControl: false,
    Middlewares: {
      Stat: true,
      StatConf: { SlowThreshold: 500 },
      Recover: true,
      Trace: true,
      Prometheus: true,
      Breaker: true,
    },
    CpuThreshold: 900,
    Methods: [],
  });
});

test("the documented client file is the whole configuration, defaults included", async () => {
  const { config } = await file.load(
    `OrderRpc:
  Etcd:
    Hosts:
      - 127.0.0.1:2379
    Key: order.rpc
  Timeout: 2000
`,
    client,
  );
  assert.deepEqual(config.OrderRpc, {
    Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc", InsecureSkipVerify: false, TTL: 10_000, Layout: "go-zero" },
    NonBlock: true,
    Timeout: 2000,
    Middlewares: { Trace: true, Duration: true, Prometheus: true, Breaker: true, Timeout: true },
    BalancerName: "p2c_ewma",
    Subset: 0,
    HealthCheck: true,
    MaxSetAside: 0.5,
    SlowThreshold: 500,
    Methods: [],
    Presence: false,
  });
});

test("what is empty counts as not given, so that of Endpoints, Target and Etcd the next is taken", async () => {
  const { config } = await file.load(
    'OrderRpc: { Endpoints: [], Target: "", Etcd: { Hosts: ["h1:1", "h2:1", "h3:1"], Key: a } }\n',
    client,
  );
  const { Endpoints, Target, Etcd } = config.OrderRpc;
  assert.deepEqual([Endpoints, Target, Etcd!.Hosts.length], [undefined, undefined, 3]);
});
