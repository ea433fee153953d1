// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() });
const SERVER = "Name: cart.rpc\nListenOn: :8080\n";

test("every malformed file gets an error with the place, the key, the value and what is expected", async () => {
  const hostPort = "expected host:port, for example 10.0.0.1:8080";
  const sources =
    "OrderRpc: nothing says where the instances are; expected one of Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)";
  const duration = "expected for example 20s, 1m30s or 500ms";
  const composite = 'is not usable YAML: a list or a mapping is a key here; quote text that begins with "{" or "["';
  for (const [yaml, ...problems] of [
    // The file as a whole.
    ["", "is empty"],
    ["# nothing but a comment\n", "is empty"],
    ["null\n", "is empty"],
    ["- a\n- b\n", 'holds a list; expected keys with values, one "Key: value" a line'],
    ["just text\n", 'holds a single value; expected keys with values, one "Key: value" a line'],
    ["Name: a\n\tListenOn: b\n", "2:1: is not YAML: tabs are not allowed as indentation"],
    [
      "Name: [a\n",
      "2:1: is not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ['Name: "a\n', '2:1: is not YAML: missing closing "quote'],
    ["Name: a\nName: b\n", "2:1: is not YAML: map keys must be unique"],
    [`${SERVER}Metadata: { a: x, b: y, a: z }\n`, "3:25: is not YAML: map keys must be unique"],
    [
      `${SERVER}Etcd: &etcd\n  Hosts: *etcd\n`,
      "4:10: is not usable YAML: an alias stands inside what it is an alias of",
    ],
    [
      "Name: *a\n",
      '1:7: is not usable YAML: "*" begins an alias, and there is no such anchor before it; quote text that begins with "*"',
    ],
    [`${SERVER}? [1, 2]\n: 3\n`, `3:3: ${composite}`],
    [`${SERVER}Own: { [hunter2]: x }\n`, `3:8: ${composite}`],
    [`${SERVER}Own: {{ template }}\n`, `3:7: ${composite}`],
    [`${SERVER}Own: &own { a: b }\nOther: { *own : x }\n`, `4:10: ${composite}`],
    [`${SERVER}---\nName: b\n`, "3:1: is not YAML: a second document begins; expected one"],
    [`${SERVER}<<: text\n`, "is not usable YAML: merge sources must be maps or map aliases"],

    // Keys.
    ["ListenOn: :80\n", "Name is missing; expected the service's name, for example order.rpc"],
    ["Name:\nListenOn: :80\n", "1:1: Name is empty; expected the service's name, for example order.rpc"],
    [
      "Name: 12\nListenOn: :80\n",
      "1:7: Name: expected the service's name, for example order.rpc (put it in quotes), got 12",
    ],
    [
      "Nmae: a\nListenOn: :80\n",
      "1:1: Name is missing; expected the service's name, for example order.rpc (Nmae: did you mean Name?)",
    ],
    [`${SERVER}name: b\n`, "1:1: Name is given more than once, as Name and name"],
    [`${SERVER}Etcd: h:2379\n`, '3:7: Etcd: expected keys with values, got "h:2379"'],
    [
      `${SERVER}Etcd:\n  Hosst: [h:1]\n  Key: a\n`,
      '4:3: Etcd.Hosts is missing; expected a list of etcd addresses (lines beginning with "- ") (Etcd.Hosst: did you mean Hosts?)',
    ],
    [`${SERVER}Etcd:\n  Hosts: [h:1]\n`, "3:1: Etcd.Key is missing; expected the service key, for example order.rpc"],
    [
      `${SERVER}Etcd: { Hosts: [h:1], Key: "" }\n`,
      "3:23: Etcd.Key is empty; expected the service key, for example order.rpc",
    ],
    [
      `${SERVER}Etcd: { Hosts: h:1, Key: a }\n`,
      '3:16: Etcd.Hosts: expected a list of etcd addresses (lines beginning with "- "), got "h:1"',
    ],
    [
      `${SERVER}Etcd:\n  Hosts:\n    - h1:2379\n    - h2\n  Key: a\n`,
      `6:7: Etcd.Hosts[1]: "h2" is not an address: it has no port; ${hostPort}`,
    ],
    [`${SERVER}Etcd: { Hosts: [h:1], Key: a, ID: 1.5 }\n`, "3:35: Etcd.ID: expected a whole number, got 1.5"],
    [
      `${SERVER}Etcd: { Hosts: [h:1], Key: a, ID: 9223372036854775808 }\n`,
      "3:35: Etcd.ID: expected a whole number of 64 bits",
    ],
    [
      `${SERVER}Etcd: { Hosts: [h:1], Key: a, CertFile: c }\n`,
      "3:1: Etcd.CertKeyFile is missing: CertFile needs its key beside it",
      "3:1: Etcd.CACertFile is missing: CertFile needs beside it the CA that signed the certificate of etcd",
    ],
    [
      `${SERVER}Etcd: { Hosts: [h:1], Key: a, CertKeyFile: c }\n`,
      "3:1: Etcd.CertFile is missing: CertKeyFile needs its certificate beside it",
    ],
    [
      `${SERVER}Etcd: { Hosts: [h:1], Key: a, Pass: 12 }\n`,
      "3:37: Etcd.Pass: expected the password of the etcd user (put it in quotes), got a number (not shown)",
    ],
    [
      `${SERVER}Etcd: { Hosts: [h:1], Key: a, TTL: 1500ms }\n`,
      "3:36: Etcd.TTL: expected whole seconds, at least 1s; a number is milliseconds",
    ],

    // Values of a server.
    ["Name: a\nListenOn:\n", "2:1: ListenOn is empty; expected host:port, for example 0.0.0.0:8080"],
    ["Name: a\nListenOn: 8080\n", "2:11: ListenOn: expected host:port, for example 0.0.0.0:8080, got 8080"],
    [
      "Name: a\nListenOn: 0.0.0.0\n",
      '2:11: ListenOn: "0.0.0.0" is not an address to listen on: it has no port; expected host:port, for example 0.0.0.0:8080',
    ],
    [
      'Name: a\nListenOn: ":::80"\n',
      '2:11: ListenOn: ":::80" is not an address to listen on: it has too many colons; expected host:port, for example 0.0.0.0:8080',
    ],
    [
      "Name: a\nListenOn: :99999\n",
      '2:11: ListenOn: ":99999" is not an address to listen on: its port is not between 1 and 65535; expected host:port, for example 0.0.0.0:8080',
    ],
    [`${SERVER}Timeout: 2s\n`, '3:10: Timeout: expected whole milliseconds, 0 for none, got "2s"'],
    [`${SERVER}Timeout: -1\n`, "3:10: Timeout: expected whole milliseconds, 0 for none, got -1"],
    [`${SERVER}Timeout: 1.5\n`, "3:10: Timeout: expected whole milliseconds, 0 for none, got 1.5"],
    [
      `${SERVER}Timeout: 3000000000\n`,
      "3:10: Timeout: expected at most 2147483647 milliseconds (24.8 days), got 3000000000",
    ],
    [`${SERVER}Timeout:\n`, "3:1: Timeout is empty; expected whole milliseconds, 0 for none"],
    [`${SERVER}Health: maybe\n`, '3:9: Health: expected true or false, got "maybe"'],
    [`${SERVER}Mode: prod\n`, '3:7: Mode: expected dev, test, rt, pre or pro, got "prod"'],
    [`${SERVER}Log: { Level: warn }\n`, '3:15: Log.Level: expected debug, info, error or severe, got "warn"'],
    [
      `${SERVER}MethodTimeouts: [{ FullMethod: Checkout, Timeout: 1s }]\n`,
      '3:32: MethodTimeouts[0].FullMethod: expected /package.Service/Method, got "Checkout"',
    ],
    [
      `${SERVER}MethodTimeouts: [{ FullMethod: /a/b, Timeout: 1000 }]\n`,
      "3:47: MethodTimeouts[0].Timeout: expected a Go duration, for example 20s, 1m30s or 500ms, got 1000",
    ],
    [
      `${SERVER}Shutdown: { WaitTime: 5 seconds }\n`,
      `3:23: Shutdown.WaitTime: "5 seconds" is not a Go duration: it has an unknown unit " seconds" (units are ns, us, ms, s, m, h); ${duration}`,
    ],
    [
      `${SERVER}Shutdown: { WaitTime: 500ms }\n`,
      "3:23: Shutdown.WaitTime is shorter than WrapUpTime, which is part of it",
    ],
    [`${SERVER}Weight: 0\n`, "3:9: Weight: expected a number above 0, got 0"],
    [`${SERVER}Metadata: { version: 2 }\n`, "3:22: Metadata.version: expected text (put it in quotes), got 2"],

    // Values of a client.
    [
      `${SERVER}OrderRpc: { Endpoints: ["a:1"], Retry: { MaxAttempts: 9 } }\n`,
      "3:55: OrderRpc.Retry.MaxAttempts: expected a whole number of attempts, the first included, from 1 to 5, got 9",
    ],
    [
      `${SERVER}OrderRpc: { Endpoints: ["a:1"], Methods: [{ FullMethod: /a/b, Retry: {}, Hedge: { Delay: 1s } }] }\n`,
      "3:43: OrderRpc.Methods[0] has both Retry and Hedge.Delay, of which gRPC carries out one; leave out Delay, or Retry",
    ],
    [
      `${SERVER}OrderRpc: { Endpoints: ["a:1"], Hedge: { MaxAttempts: 3 } }\n`,
      "3:33: OrderRpc.Hedge has MaxAttempts above 2; expected a Delay with it",
    ],
    [
      `${SERVER}OrderRpc: { Endpoints: ["a:1"], Hedge: { Budget: 0 } }\n`,
      "3:50: OrderRpc.Hedge.Budget: expected a number above 0, up to 1, got 0",
    ],
    [`${SERVER}OrderRpc: {}\n`, `3:1: ${sources}`],
    [`${SERVER}OrderRpc:\n  Endpoint: [a:1]\n`, `3:1: ${sources}`, "4:3: OrderRpc.Endpoint: did you mean Endpoints?"],
    [
      `${SERVER}OrderRpc: { Endpoints: [a] }\n`,
      `3:25: OrderRpc.Endpoints[0]: "a" is not an address: it has no port; ${hostPort}`,
    ],
    [
      `${SERVER}OrderRpc: { Endpoints: a:1 }\n`,
      '3:24: OrderRpc.Endpoints: expected a list of addresses, host:port each (lines beginning with "- "), got "a:1"',
    ],
    [
      `${SERVER}OrderRpc: { Target: "etcd:///h1:2379" }\n`,
      '3:21: OrderRpc.Target: "etcd:///h1:2379" is not a target: it has no key; expected etcd:///host:2379,host:2379?key=service',
    ],
    [
      `${SERVER}OrderRpc: { Target: a:1, BalancerName: ring_hash }\n`,
      '3:40: OrderRpc.BalancerName: expected p2c_ewma, consistent_hash, round_robin or pick_first, got "ring_hash"',
    ],
    [
      `${SERVER}OrderRpc: { Target: a:1, KeepaliveTime: 20 }\n`,
      "3:41: OrderRpc.KeepaliveTime: expected a Go duration, for example 20s, 1m30s or 500ms, got 20",
    ],
    [
      `${SERVER}OrderRpc: { Target: a:1, KeepaliveTime: -1s }\n`,
      '3:41: OrderRpc.KeepaliveTime: "-1s" is not between 0s and 24.8 days',
    ],
    [
      `${SERVER}OrderRpc: { Target: a:1, Subset: -1 }\n`,
      "3:34: OrderRpc.Subset: expected a number of instances, 0 for all, got -1",
    ],

    // Several at once, in one error.
    [
      "ListenOn: 80\nTimeout: x\nEtcd:\n  Hosts: [h]\n",
      "Name is missing; expected the service's name, for example order.rpc",
      "1:11: ListenOn: expected host:port, for example 0.0.0.0:8080, got 80",
      `4:11: Etcd.Hosts[0]: "h" is not an address: it has no port; ${hostPort}`,
      "3:1: Etcd.Key is missing; expected the service key, for example order.rpc",
      '2:10: Timeout: expected whole milliseconds, 0 for none, got "x"',
    ],
    // What a client inherits is wrong once, where it stands.
    [
      `${SERVER}Etcd: { Hosts: [h], Key: a }\nOrderRpc: { Etcd: { Key: b } }\n`,
      `3:17: Etcd.Hosts[0]: "h" is not an address: it has no port; ${hostPort}`,
    ],
  ] as const) {
    assert.deepEqual(await file.problems(yaml, server), problems, yaml);
  }
});

test("a value that is wrong because its variable is not set says so", async () => {
  assert.deepEqual(await file.problems("Name: ${NAME}\nListenOn: :${PORT}\n", server, { PORT: "http" }), [
    "1:7: Name is empty; expected the service's name, for example order.rpc (NAME is not set in the environment)",
    '2:11: ListenOn: ":http" is not an address to listen on: its port is not a number; expected host:port, for example 0.0.0.0:8080',
  ]);
});

test("an application's own schema is complained about in the same words", async () => {
  const schema = z.object({
    Port: z.number().min(1024),
    Level: z.enum(["low", "high"]),
    Names: z.array(z.string()),
    Exact: z.strictObject({ A: z.boolean() }),
  });
  assert.deepEqual(await file.problems("Port: 80\nLevel: mid\nNames: [1]\nExact: { A: 1, B: 2 }\n", schema), [
    "1:7: Port: Too small: expected number to be >=1024, got 80",
    '2:8: Level: expected low or high, got "mid"',
    "3:9: Names[0]: expected text (put it in quotes), got 1",
    "4:13: Exact.A: expected true or false, got 1",
    '4:1: Exact: Unrecognized key: "B", got keys with values',
  ]);
});
