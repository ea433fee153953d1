// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { interopSkipReason, readWithGozero } from "../support/real-parts/gozero.js";
import { assertSameReading, type Kind, readHere } from "./both-readings.js";
import { differences } from "./differences.js";

const skip = interopSkipReason();
process.env.INTEROP_HOST = "10.0.0.9";
process.env.INTEROP_COMMENT = "shop # the shop";
process.env.INTEROP_NULL = "null";
process.env.INTEROP_NUMBER = "7";

const FILES = new URL("files/", import.meta.url);

for (const name of readdirSync(FILES)) {
  const kind = name.split(".")[1] as Kind;
  test(`go-zero and Rollcall read the same from ${name}`, { skip }, () =>
    assertSameReading(readFileSync(new URL(name, FILES), "utf8"), kind),
  );
}

test("a variable that holds null is no text to go-zero, and the text null to Rollcall", { skip }, async () => {
  const yaml = "Name: ${INTEROP_NULL}\nListenOn: :80";
  assert.equal((await readWithGozero(yaml, "server")).Name, "");
  assert.equal((await readHere(yaml, "server")).Name, "null");
});

const accepted: [what: string, kind: Kind, yaml: string][] = [
  [
    "the documented server file",
    "server",
    `Name: order.rpc
ListenOn: 0.0.0.0:8080
Etcd:
  Hosts:
    - 127.0.0.1:2379
  Key: order.rpc
`,
  ],
  [
    "the documented client file",
    "client",
    `OrderRpc:
  Etcd:
    Hosts:
      - 127.0.0.1:2379
    Key: order.rpc
  Timeout: 2000
`,
  ],
  [
    "three hosts",
    "client",
    `OrderRpc:
  Etcd:
    Hosts:
      - 10.0.0.1:2379
      - 10.0.0.2:2379
      - 10.0.0.3:2379
    Key: order.rpc
`,
  ],
  ["a target", "client", 'OrderRpc: { Target: "dns:///order-rpc.shop.svc.cluster.local:8080" }'],
  ["endpoints", "client", "OrderRpc: { Endpoints: [127.0.0.1:8081, 127.0.0.1:8082] }"],
  ["key names in any case", "server", "name: a\nLISTENON: :80\netcd: { hosts: [h:1], key: prod/a }"],
  ["keys of the application's own", "server", "Name: a\nListenOn: :80\nOrders: { PageSize: 20 }"],
  [
    "a variable of the environment",
    "server",
    "Name: a\nListenOn: :80\nEtcd: { Hosts: ['${INTEROP_HOST}:2379'], Key: a }",
  ],
  [
    "a server without registry, health or limit",
    "server",
    "Name: a\nListenOn: :80\nHealth: false\nTimeout: 0\nMode: dev",
  ],
  [
    "limits of single methods",
    "server",
    "Name: a\nListenOn: :80\nMethodTimeouts: [{ FullMethod: /a.B/C, Timeout: 1m30.5s }, { FullMethod: /a.B/D, Timeout: 0s }]",
  ],
  [
    "an id that is no double, and access by password and certificate",
    "server",
    `Name: a
ListenOn: :80
Etcd:
  Hosts: [h:1]
  Key: a
  ID: 9007199254740993
  User: shop
  Pass: "0123"
  CertFile: a.pem
  CertKeyFile: a-key.pem
  CACertFile: ca.pem
  InsecureSkipVerify: true
`,
  ],
  [
    "everything a client can be told",
    "client",
    `OrderRpc:
  Endpoints: [a:1]
  App: shop
  Token: secret
  NonBlock: false
  Timeout: 500
  KeepaliveTime: 20s
  BalancerName: round_robin
  Middlewares: { Trace: false, Duration: false, Prometheus: false, Breaker: false, Timeout: false }
`,
  ],
  [
    "numbers as YAML 1.1 writes them",
    "server",
    "Name: a\nListenOn: :80\nTimeout: 02000\nEtcd: { Hosts: [h:1], Key: a, ID: 0b11 }",
  ],
  ["a number with underscores", "client", "OrderRpc: { Endpoints: [a:1], Timeout: 2_000 }"],
  [
    "a client that inherits the server's etcd",
    "both",
    "Name: a\nListenOn: :80\nEtcd: { Hosts: [h:1], Key: a, User: u, Pass: p }\nOrderRpc: { Etcd: { Key: order.rpc } }",
  ],
  [
    "a client that inherits it beside a Target that says nothing",
    "both",
    "Name: a\nListenOn: :80\nEtcd: { Hosts: [h:1], Key: a }\nOrderRpc: { Target: '', Etcd: { Key: order.rpc } }",
  ],
  [
    "a client that inherits it beside a variable that is not set",
    "both",
    "Name: a\nListenOn: :80\nEtcd: { Hosts: [h:1], Key: a }\nOrderRpc: { Target: ${INTEROP_UNSET}, Etcd: { Key: order.rpc } }",
  ],
  [
    "headers without a value",
    "server",
    "Name: a\nListenOn: :80\nTelemetry: { Endpoint: 'h:4317', OtlpHeaders: { x-a: , x-b: ${INTEROP_UNSET} } }",
  ],
];

const refused: [what: string, kind: Kind, yaml: string][] = [
  ["a server without a name", "server", "ListenOn: :80"],
  ["a server that listens nowhere", "server", "Name: a"],
  ["etcd without a key", "server", "Name: a\nListenOn: :80\nEtcd: { Hosts: [h:1] }"],
  ["etcd without hosts", "server", "Name: a\nListenOn: :80\nEtcd: { Key: a }"],
  ["hosts that are no list", "server", "Name: a\nListenOn: :80\nEtcd: { Hosts: h:1, Key: a }"],
  ["a certificate without its key", "server", "Name: a\nListenOn: :80\nEtcd: { Hosts: [h:1], Key: a, CertFile: c }"],
  ["a Timeout with a unit", "server", "Name: a\nListenOn: :80\nTimeout: 2s"],
  ["half a millisecond", "server", "Name: a\nListenOn: :80\nTimeout: 1.5"],
  ["a Timeout in quotes", "client", 'OrderRpc: { Endpoints: [a:1], Timeout: "3000" }'],
  ["a KeepaliveTime without a unit", "client", "OrderRpc: { Endpoints: [a:1], KeepaliveTime: 20 }"],
  ["a mode nobody knows", "server", "Name: a\nListenOn: :80\nMode: staging"],
  ["a switch that is no boolean", "server", "Name: a\nListenOn: :80\nHealth: yes please"],
  ["a name that is a number", "server", "Name: 7\nListenOn: :80"],
  ["a list as a key", "server", "Name: a\nListenOn: :80\nOwn: { [a]: b }"],
  ["a placeholder that no template engine has replaced", "server", "Name: {{ name }}\nListenOn: :80"],
  ["what is no YAML", "server", "Name: [a\nListenOn: :80"],
];

for (const [what, kind, yaml] of accepted) {
  test(`go-zero and Rollcall read the same from ${what}`, { skip }, () => assertSameReading(yaml, kind));
}

for (const [what, kind, yaml] of refused) {
  test(`go-zero and Rollcall both refuse ${what}`, { skip }, async () => {
    assert.ok((await readWithGozero(yaml, kind)).error, "go-zero accepts it");
    await assert.rejects(readHere(yaml, kind), { name: "ConfigError" });
  });
}

/** What docs/interop.md says of each row: who reads such a file, who refuses it. */
const rows = new Map(
  readFileSync("docs/interop.md", "utf8")
    .split("## Files: what differs")[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => /^\| (?!in the file |---)/.test(line))
    .map((line) => {
      const [row, ...told] = line.slice(2, -2).split(" | ");
      return [row!, told.map((words) => (words.startsWith("refused") ? "refuses" : "reads"))];
    }),
);

test("docs/interop.md lists every difference in files that is known, and says of each who refuses it", () => {
  assert.ok(rows.size > 40);
  assert.deepEqual(new Set(differences.map(([row]) => row)), new Set(rows.keys()));
});

for (const [row, kind, yaml] of differences) {
  const [theirs, ours] = rows.get(row) ?? [];
  test(`go-zero ${theirs} and Rollcall ${ours} ${row}: ${JSON.stringify(yaml)}`, { skip }, async () => {
    const { error } = await readWithGozero(yaml, kind);
    assert.equal(error === undefined ? "reads" : "refuses", theirs, String(error));
    const read = await readHere(yaml, kind).then(
      () => "reads",
      () => "refuses",
    );
    assert.equal(read, ours);
  });
}
