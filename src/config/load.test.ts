// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { setLogger } from "../log.js";
import { ConfigError } from "./config-error.js";
import { type LoadOptions, loadConfig, readConfig } from "./load.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();

const folder = mkdtempSync(join(tmpdir(), "rollcall-config-"));
after(() => rmSync(folder, { recursive: true }));

const file = join(folder, "cart.yaml");
const server = rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() });
const client = z.object({ OrderRpc: rpcClientConfig });
const SERVER = "Name: cart.rpc\nListenOn: :8080\n";

function load<Schema extends z.ZodType>(yaml: string, schema: Schema, options: LoadOptions = { env: {} }) {
  writeFileSync(file, yaml);
  return readConfig(file, schema, options);
}

/** The lines of the error, without the file's name. */
async function problemsOf(yaml: string | Uint8Array, schema: z.ZodType = server, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(file, yaml);
  const error = await readConfig(file, schema, { env }).then(
    () => assert.fail(`accepted:\n${yaml}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigError, String(error));
  return error.message.split("\n").map((line) => {
    assert.ok(line.startsWith(`${file}:`), line);
    return line.slice(file.length + 1).trim();
  });
}

test("the documented server file is the whole configuration, defaults included", async () => {
  const { config, warnings, ignored } = await load(
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
  const { config } = await load(
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
  const { config } = await load(
    'OrderRpc: { Endpoints: [], Target: "", Etcd: { Hosts: ["h1:1", "h2:1", "h3:1"], Key: a } }\n',
    client,
  );
  const { Endpoints, Target, Etcd } = config.OrderRpc;
  assert.deepEqual([Endpoints, Target, Etcd!.Hosts.length], [undefined, undefined, 3]);
});

test("every key of server and client is read", async () => {
  const { config } = await load(
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
  BalancerName: round_robin
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
`,
    server,
  );
  assert.deepEqual(config, {
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
      BalancerName: "round_robin",
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

test("key names match in any case, and the free keys of an application stay as they are", async () => {
  const schema = rpcServerConfig.extend({
    Limits: z.record(z.string(), z.object({ PerSecond: z.number() })),
    Extra: z.unknown(),
  });
  const { config } = await load(
    "name: a\nLISTENON: :80\netcd: { hosts: [h:1], KEY: a }\nlimits: { etcd: { perSecond: 1 }, Etcd: { PERSECOND: 2 } }\nextra: { name: x }\n",
    schema,
  );
  assert.deepEqual(config.Etcd?.Key, "a");
  assert.deepEqual(config.Limits, { etcd: { PerSecond: 1 }, Etcd: { PerSecond: 2 } });
  assert.deepEqual(config.Extra, { name: "x" });
});

test("keys are found through unions, lists, defaults and merge keys", async () => {
  const schema = z.object({
    Clients: z.array(rpcClientConfig),
    Either: z.union([z.object({ Left: z.string() }), z.object({ Right: z.string() })]).default({ Left: "" }),
  });
  const { config } = await load(
    "base: &base { timeout: 1, target: 'dns:///a:1' }\nclients:\n  - { <<: *base, timeout: 2 }\n  - *base\neither: { RIGHT: x }\n",
    schema,
  );
  assert.deepEqual(
    config.Clients.map(({ Timeout, Target }) => [Timeout, Target]),
    [
      [2, "dns:///a:1"],
      [1, "dns:///a:1"],
    ],
  );
  assert.deepEqual(config.Either, { Right: "x" });
});

test("a client inside a server's file inherits where etcd is, as in go-zero", async () => {
  const { config, warnings } = await load(
    `${SERVER}Etcd: { Hosts: [h:1], Key: cart.rpc, User: u, Pass: p }\nOrderRpc: { etcd: { key: order.rpc, User: other } }\n`,
    server,
  );
  assert.deepEqual(
    warnings.map(({ key, message }) => `${key} ${message}`),
    ["Etcd.Pass is sent in plain text: give CACertFile, or write the hosts with https://"],
    "what is inherited is warned about once",
  );
  const { Hosts, Key, User, Pass } = config.OrderRpc!.Etcd!;
  assert.deepEqual({ Hosts, Key, User, Pass }, { Hosts: ["h:1"], Key: "order.rpc", User: "other", Pass: "p" });
  assert.equal(config.Etcd!.Key, "cart.rpc");
});

test("what merge keys and aliases bring counts as a section's own before anything is inherited", async () => {
  const { config, warnings } = await load(
    `base: &base { etcd: &orders { hosts: [localhost:1], key: order.rpc } }
${SERVER}Etcd: &own { Hosts: [127.0.0.1:1], Key: cart.rpc, User: u, Pass: p }
OrderRpc: { <<: *base, Timeout: 1 }
PayRpc: { Etcd: *orders }
Inner: { Etcd: *own, MailRpc: { Etcd: { Key: mail.rpc } } }
`,
    server.extend({ PayRpc: rpcClientConfig, Inner: z.object({ MailRpc: rpcClientConfig }) }),
  );
  assert.deepEqual(warnings, []);
  const of = ({ Etcd }: z.output<typeof rpcClientConfig>) => [Etcd!.Hosts[0], Etcd!.Key, Etcd!.User];
  assert.deepEqual(of(config.OrderRpc!), ["localhost:1", "order.rpc", "u"]);
  assert.deepEqual(of(config.PayRpc), ["localhost:1", "order.rpc", "u"]);
  assert.deepEqual(of(config.Inner.MailRpc), ["127.0.0.1:1", "mail.rpc", "u"]);
  assert.deepEqual([config.Etcd!.Hosts, config.Etcd!.Key], [["127.0.0.1:1"], "cart.rpc"]);
});

test("a client that inherits the server's own key is warned about", async () => {
  const { config, warnings } = await load(
    `${SERVER}Etcd: { Hosts: [h:1], Key: cart.rpc }\nOrderRpc: { Timeout: 1 }\n`,
    server,
  );
  assert.equal(config.OrderRpc!.Etcd!.Key, "cart.rpc");
  assert.deepEqual(
    warnings.map(({ key, message }) => `${key} ${message}`),
    [
      "OrderRpc.Etcd.Key is taken from the section around it, which means this service itself; write the key of the service that is called",
    ],
  );
  const endpoints = await load(`${SERVER}Etcd: { Hosts: [h:1], Key: a }\nOrderRpc: { Endpoints: [a:1] }\n`, server);
  assert.deepEqual(endpoints.warnings, []);
});

test("whole numbers survive: numbers where they fit, bigints beyond 2^53", async () => {
  const schema = z.object({ Small: z.number(), Large: z.bigint(), Etcd: z.object({ ID: z.bigint() }) });
  const { config } = await load(
    "Small: 9007199254740991\nLarge: 9007199254740993\nEtcd: { ID: 9007199254740993 }",
    schema,
  );
  assert.deepEqual(config, {
    Small: 9007199254740991,
    Large: 9007199254740993n,
    Etcd: { ID: 9007199254740993n },
  });
  const small = await load(`${SERVER}Etcd: { Hosts: [h:1], Key: a, ID: 7 }`, server);
  assert.equal(small.config.Etcd!.ID, 7n);
});

test("environment variables fill in values, numbers and lists; those not set are told", async () => {
  const env = { PORT: "9000", HOSTS: "[h1:1, h2:2]", MS: "750" };
  const { config, warnings } = await load(
    "Name: cart.rpc # ${COMMENTED}\nListenOn: 0.0.0.0:${PORT}\nEtcd:\n  Hosts: ${HOSTS}\n  Key: a$b${SUFFIX}\nTimeout: ${MS}\n",
    server,
    { env },
  );
  assert.equal(config.ListenOn, "0.0.0.0:9000");
  assert.deepEqual(config.Etcd!.Hosts, ["h1:1", "h2:2"]);
  assert.equal(config.Etcd!.Key, "a$b");
  assert.equal(config.Timeout, 750);
  assert.deepEqual(warnings, [
    { key: "", message: "${SUFFIX} is not set in the environment and became nothing", line: 5, column: 11 },
  ]);
});

test("JSON and .yml are read alike", async () => {
  for (const name of ["a.json", "a.yml"]) {
    writeFileSync(join(folder, name), '\ufeff{\n\t"Name": "a",\n\t"ListenOn": ":1"\n}\n');
    assert.equal((await loadConfig(join(folder, name), rpcServerConfig)).ListenOn, ":1");
  }
});

test("near misses and keys without a meaning are logged, each once", async (t) => {
  const lines: string[] = [];
  const note = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  setLogger({ debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") });
  t.after(() => setLogger({ debug() {}, info() {}, warn() {}, error() {} }, "silent"));
  writeFileSync(file, `${SERVER}Etdc: {}\nProfiling: { Name: x }\nMyOwn: 1\n`);
  await loadConfig(file, rpcServerConfig);
  assert.deepEqual(lines, [
    `warn ${file}:3:1: Etdc: did you mean Etcd?`,
    `debug ${file}: keys of go-zero without a meaning here`,
  ]);
});

test("every malformed file gets an error with the place, the key, the value and what is expected", async () => {
  const hostPort = "expected host:port, for example 10.0.0.1:8080";
  const sources =
    "OrderRpc: nothing says where the instances are; expected one of Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)";
  const duration = "expected for example 20s, 1m30s or 500ms";
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
    assert.deepEqual(await problemsOf(yaml), problems, yaml);
  }
});

test("a value that is wrong because its variable is not set says so", async () => {
  assert.deepEqual(await problemsOf("Name: ${NAME}\nListenOn: :${PORT}\n", server, { PORT: "http" }), [
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
  assert.deepEqual(await problemsOf("Port: 80\nLevel: mid\nNames: [1]\nExact: { A: 1, B: 2 }\n", schema), [
    "1:7: Port: Too small: expected number to be >=1024, got 80",
    '2:8: Level: expected low or high, got "mid"',
    "3:9: Names[0]: expected text (put it in quotes), got 1",
    "4:13: Exact.A: expected true or false, got 1",
    '4:1: Exact: Unrecognized key: "B", got keys with values',
  ]);
});

test("what cannot be read is told from what is wrong inside", async () => {
  const missing = join(folder, "missing.yaml");
  await assert.rejects(loadConfig(missing, server), { name: "ConfigError", message: `${missing}: does not exist` });
  await assert.rejects(loadConfig("no/such.yaml", server), {
    message: `no/such.yaml: does not exist (looked for ${join(process.cwd(), "no/such.yaml")})`,
  });
  await assert.rejects(loadConfig("cart.toml", server), {
    message: "cart.toml: is no file type known here; expected .yaml, .yml or .json",
  });
  assert.deepEqual(await problemsOf(Uint8Array.of(0x4e, 0xff, 0xfe)), ["is not UTF-8 text"]);
});

test("hostile YAML neither hangs nor crashes", async () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [name, of] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg"])
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`)}]`);
  assert.match((await problemsOf(`${bomb.join("\n")}\n`))[0]!, /is not usable YAML: excessive alias count/);

  const recursive: z.ZodType = z.lazy(() => z.object({ Node: recursive.optional() }));
  assert.match((await problemsOf("Node: &n { node: *n }\n", recursive))[0]!, /is not usable YAML/);
  assert.match((await problemsOf(`a: ${"[".repeat(5_000)}\n`))[0]!, /is not YAML/);
});

test("a file is read into something: without a schema there would be nothing, and no error", async () => {
  writeFileSync(file, SERVER);
  for (const schema of [undefined, null, "x"]) {
    await assert.rejects(loadConfig(file, schema as never), /^TypeError: there is nothing to read the file into/);
  }
});
