import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { setLogger } from "../log.js";
import { ConfigFile } from "../testing/config-file.js";
import { checkClientConfig, checkServerConfig } from "./check.js";
import type { ClientConfig } from "./schema/client-target.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";
import type { ServerConfig } from "./schema/server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const warnings: string[] = [];
setLogger({ debug() {}, info() {}, warn: (_, message) => void warnings.push(message), error() {} });

test("what code gives a client is refused by name where the client is made", () => {
  for (const [wrong, message] of [
    [{ Subset: "2" }, 'Subset: expected a number of instances, 0 for all, got "2"'],
    [{ Subset: 1.5 }, "Subset: expected a number of instances, 0 for all, got 1.5"],
    [{ Subset: -1 }, "Subset: expected a number of instances, 0 for all, got -1"],
    [{ HealthCheck: "no" }, 'HealthCheck: expected true or false, got "no"'],
    [{ BalancerName: "p2c" }, 'BalancerName: expected p2c_ewma, consistent_hash, round_robin or pick_first, got "p2c"'],
    [{ KeepaliveTime: "20s" }, 'KeepaliveTime: expected milliseconds, 0 and more, got "20s"'],
    [{ Timeout: -1 }, "Timeout: expected whole milliseconds, 0 for none, got -1"],
    [{ Timeout: Number.NaN }, "Timeout: expected whole milliseconds, 0 for none, got NaN"],
    [{ Zone: 5 }, "Zone: expected the name of a zone (put it in quotes), got 5"],
    [
      { Retry: { MaxAttempts: 9 } },
      "Retry.MaxAttempts: expected a whole number of attempts, the first included, from 1 to 5, got 9",
    ],
    [{ Methods: [{ FullMethod: "Get" }] }, "Methods[0].FullMethod: expected /package.Service/Method"],
    [{ Middlewares: { Timeout: "yes" } }, 'Middlewares.Timeout: expected true or false, got "yes"'],
    [{ HashKey: { Metadata: "x-user-id" } }, "HashKey: counts with BalancerName: consistent_hash alone"],
    [{ BalancerName: "round_robin", Subset: 3 }, "Subset: counts with BalancerName: p2c_ewma or consistent_hash"],
    [{ BalancerName: "pick_first", MaxSetAside: 0.2 }, "MaxSetAside: counts with BalancerName: p2c_ewma or"],
    [{ BalancerName: "consistent_hash", Zone: "eu-1a" }, "Zone: counts with BalancerName: p2c_ewma alone"],
    [{ App: "sh\u00f6p" }, "App has characters that metadata cannot carry; expected printable ASCII"],
    [{ App: "a", Token: "12345\n" }, "Token has characters that metadata cannot carry; expected printable ASCII"],
    [{ Snapshot: { Dir: "~/snapshots" } }, "Snapshot.Dir: expected the whole path of a folder: ~ means"],
    [{ Target: "xds:///a" }, 'Target: no backend is called "xds"'],
    [{ Target: undefined }, "nothing says where the instances are"],
    [{ Target: undefined, Etcd: { Hosts: ["h:1"], Key: "" } }, "Etcd.Key is empty"],
    [
      { Target: undefined, Etcd: { Hosts: ["h:1"], Key: "a", Pass: 12345 } },
      "Etcd.Pass: expected the password of the etcd user (put it in quotes), got a number (not shown)",
    ],
  ] as const) {
    assert.throws(
      () => checkClientConfig({ Target: "dns:///a:1", ...wrong } as unknown as ClientConfig),
      (error: Error) =>
        error instanceof TypeError && error.message.includes(message) && !error.message.includes("12345"),
      message,
    );
  }
});

test("a URL in place of a configuration is told where it belongs, without its password", () => {
  for (const url of ["etcd:///h1?key=a&user=u&pass=12345", new URL("etcd://h1/a?pass=12345")]) {
    assert.throws(
      () => checkClientConfig(url as unknown as ClientConfig),
      ({ message }: Error) => message.endsWith("give { Target: url }") && !message.includes("12345"),
    );
  }
});

test("a misspelt key, or one in another case, is warned about once, as in a file; an application's own is not", () => {
  warnings.length = 0;
  const client = {
    Target: "dns:///a:1",
    timeout: 5,
    Subest: 2,
    Middlewares: { Trcae: false },
    Methods: [{ FullMethod: "/a/b", Timout: 1 }],
    Colour: "red",
  } as object as ClientConfig;
  checkClientConfig(client);
  checkClientConfig(client);
  assert.deepEqual(warnings, [
    "the configuration of a client: timeout is no key of it: did you mean Timeout?",
    "the configuration of a client: Subest is no key of it: did you mean Subset?",
    "the configuration of a client: Middlewares.Trcae is no key of it: did you mean Trace?",
    "the configuration of a client: Methods[0].Timout is no key of it: did you mean Timeout?",
  ]);
  assert.throws(
    () => checkClientConfig({ etcd: { Hosts: ["h:1"], Key: "a" } } as ClientConfig),
    /nothing says where .*; etcd: did you mean Etcd\?$/,
  );
  warnings.length = 0;
  checkServerConfig({ ListenOn: ":80", Etdc: {}, Metadata: { zoen: "a" } } as ServerConfig);
  assert.deepEqual(warnings, ["the configuration of a server: Etdc is no key of it: did you mean Etcd?"]);
});

test("what code gives a server is refused by name where the server is made", () => {
  for (const [wrong, message] of [
    [{ ListenOn: "8080" }, "ListenOn: "],
    [{ Timeout: "2s" }, 'Timeout: expected whole milliseconds, 0 for none, got "2s"'],
    [{ Weight: 0 }, "Weight: expected a number above 0, got 0"],
    [{ Health: "yes" }, 'Health: expected true or false, got "yes"'],
    [{ Shutdown: { WrapUpTime: 10, WaitTime: 5 } }, "Shutdown.WaitTime is shorter than WrapUpTime"],
    [{ MethodTimeouts: [{ FullMethod: "/a/b", Timeout: "1s" }] }, "MethodTimeouts[0].Timeout: expected milliseconds"],
    [{ Etcd: { Hosts: [], Key: "a", Hosst: 1 }, Metadata: { a: 1 } }, "Metadata.a: expected text"],
    [{ Etcd: { Hosts: ["h"], Key: "a" } }, "Etcd.Hosts[0]: "],
  ] as const) {
    assert.throws(
      () => checkServerConfig({ ListenOn: ":0", ...wrong } as unknown as ServerConfig),
      (error: Error) => error instanceof TypeError && error.message.includes(message),
      message,
    );
  }
});

test("defaults are filled in, and a loaded configuration passes as it is", async () => {
  assert.deepEqual(checkClientConfig({ Target: "dns:///a:1" }).Timeout, 2_000);
  assert.deepEqual(checkServerConfig({ ListenOn: ":0" }).Shutdown, { WrapUpTime: 1_000, WaitTime: 5_500 });
  const schema = rpcServerConfig.extend({ OrderRpc: rpcClientConfig });
  const { config } = await file.read(
    `Name: a
ListenOn: :0
Etcd: { Hosts: ["https://h1:2379/,h2:2379"], Key: a, ID: 9007199254740993, TTL: 5s }
Log: { Level: severe, Path: logs }
MethodTimeouts: [{ FullMethod: /a/b, Timeout: 1.5s }]
DevServer: {}
OrderRpc: { Target: " DNS:///a:1", KeepaliveTime: 30s, Retry: {}, Methods: [{ FullMethod: /a/*, Hedge: { Delay: 5ms } }], Snapshot: {} }
`,
    schema,
  );
  const { OrderRpc, ...server } = config;
  assert.deepEqual(checkServerConfig(server), server);
  assert.deepEqual(checkClientConfig(OrderRpc), OrderRpc);
});

test("what a file was warned about is not warned about again, and what code gives is, once", async () => {
  const { config } = await file.read(
    "OrderRpc: { Target: dns:///a:1, KeepaliveTime: 20s }\n",
    z.object({ OrderRpc: rpcClientConfig }),
  );
  warnings.length = 0;
  checkClientConfig(config.OrderRpc);
  assert.deepEqual(warnings, []);
  const own = { Target: "dns:///a:1", KeepaliveTime: 20_000 };
  checkClientConfig(own);
  checkClientConfig(own);
  assert.deepEqual(warnings.length, 1);
  assert.match(warnings[0]!, /KeepaliveTime is below the 5 minutes/);
});
