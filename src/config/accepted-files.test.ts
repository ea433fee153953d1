import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { registerBuiltInBackends } from "../backends/index.js";
import { ConfigFile } from "../testing/config-file.js";
import { targetOfClient } from "./schema/client-target.js";
import { rpcClientConfig } from "./schema/rpc-client-config.js";
import { rpcServerConfig } from "./schema/rpc-server-config.js";

registerBuiltInBackends();
const file = new ConfigFile();
const SERVER = "Name: cart.rpc\nListenOn: :8080\n";
const client = z.object({ OrderRpc: rpcClientConfig });

test("a server whose Etcd section names no host is not registered, as with go-zero, and that is said", async () => {
  for (const etcd of ["Etcd:", "Etcd: {}", "Etcd: { Hosts: [], Key: a }", "Etcd: { Hosts: [], Key: '' }"]) {
    const { config, warnings } = await file.read(`${SERVER}${etcd}\n`, rpcServerConfig);
    assert.equal(config.Etcd, undefined, etcd);
    assert.deepEqual(warnings, ["3:1 Etcd has no Hosts, so the server is not registered"], etcd);
  }
  assert.deepEqual((await file.read(SERVER, rpcServerConfig)).warnings, []);
  assert.equal((await file.problems(`${SERVER}Etcd: { Hosst: [h:1], Key: a }\n`, rpcServerConfig)).length, 1);
});

test("Endpoints or Target beside an Etcd section without hosts count", async () => {
  for (const where of ["Endpoints: [a:1]", "Target: dns:///a:1"]) {
    for (const etcd of ["Etcd: { Hosts: [], Key: a }", "Etcd: { Hosts: [], Key: '' }", "Etcd: {}", "Etcd:"]) {
      const { config, warnings } = await file.read(`OrderRpc:\n  ${where}\n  ${etcd}\n`, client);
      assert.deepEqual([config.OrderRpc.Etcd, warnings], [undefined, []], etcd);
    }
  }
  assert.match((await file.problems("OrderRpc: { Etcd: { Hosts: [], Key: a } }\n", client))[0]!, /nothing says where/);
});

test("hosts may be URLs, end with a slash and be joined with commas", async () => {
  const { config, warnings } = await file.read(
    'OrderRpc:\n  Etcd: { Key: a, Hosts: ["https://h1:2379/", "https://h2:2379,https://h3:2379/ , https://[::1]:2379"] }\n',
    client,
  );
  assert.deepEqual(config.OrderRpc.Etcd!.Hosts, [
    "https://h1:2379",
    "https://h2:2379",
    "https://h3:2379",
    "https://[::1]:2379",
  ]);
  assert.deepEqual(warnings, []);
  assert.equal(targetOfClient(config.OrderRpc).target.hosts.length, 4);
  const endpoints = await file.read('OrderRpc: { Endpoints: ["a:1,b:2", "c:3, d:4"] }\n', client);
  assert.deepEqual(endpoints.config.OrderRpc.Endpoints, ["a:1", "b:2", "c:3", "d:4"]);
});

test("a value that is a URL, or several, is refused as that where an address is expected", async () => {
  for (const [yaml, problem] of [
    [`${SERVER}OrderRpc: { Endpoints: ["http://a:1"] }`, /OrderRpc\.Endpoints\[0\]: "http:\/\/a:1" .*it is a URL/],
    [`${SERVER}OrderRpc: { Endpoints: ["etcd:///h:1?key=a"] }`, /it is a URL/],
    [`${SERVER}OrderRpc: { Endpoints: ["a:1/"] }`, /it ends with a slash/],
    [`${SERVER}OrderRpc: { Endpoints: [a:1, "127.1:80"] }`, /Endpoints\[1\].*no IPv4 address of four decimal parts/],
    [`${SERVER}OrderRpc: { Target: "http://a:1" }`, /Target: no backend is called "http".*without http:\/\//],
    [`${SERVER}OrderRpc: { Target: "unix:///run/a.sock" }`, /Target: no backend is called "unix".*not balanced here/],
    [`${SERVER}OrderRpc: { Target: "xds:///a" }`, /Target: no backend is called "xds".*known are/],
    [`${SERVER}OrderRpc: { Target: "consul://c:1/a" }`, /Target: no backend is called "consul"/],
    ["Name: a\nListenOn: http://0.0.0.0:80\n", /ListenOn: .*it is a URL/],
    [`${SERVER}Etcd: { Hosts: ["etcd://h:1"], Key: a }`, /Etcd\.Hosts\[0\]: .*it is a URL/],
    [`${SERVER}Etcd: { Hosts: ["http://h:1/v3"], Key: a }`, /Etcd\.Hosts\[0\]/],
  ] as const) {
    const problems = await file.problems(yaml, rpcServerConfig.extend({ OrderRpc: rpcClientConfig.optional() }));
    assert.match(problems.join("\n"), problem, yaml);
  }
});

test("a target is read whatever the case of its scheme and the spaces around it", async () => {
  for (const [written, scheme] of [
    [" etcd:///h:1?key=a ", "etcd"],
    ["DISCOV:///h:1?key=a", "discov"],
    ["K8s://shop/order:grpc", "k8s"],
  ] as const) {
    const { config } = await file.read(`OrderRpc: { Target: "${written}" }\n`, client);
    assert.equal(targetOfClient(config.OrderRpc).target.scheme, scheme);
  }
});

test("what is allowed and hardly meant is warned about, with its place", async () => {
  const of = async (section: string) =>
    (await file.read(`OrderRpc: { ${section} }\n`, client)).warnings.map((line) =>
      line.replace(/^\d+:\d+ OrderRpc\./, ""),
    );
  const etcd = (rest: string, host = "10.0.0.1:2379") => of(`Etcd: { Key: a, Hosts: ["${host}"]${rest} }`);

  assert.match(
    (await of("Target: dns:///a:1, KeepaliveTime: 20s"))[0]!,
    /^KeepaliveTime is below the 5 minutes that Go servers/,
  );
  assert.deepEqual(await of("Target: dns:///a:1, KeepaliveTime: 5m"), []);
  assert.match((await of('Target: "etcd:///h:1?key=a&user=u&pass=x"'))[0]!, /^Target has a password in its URL/);
  assert.match((await etcd(", User: u, Pass: p"))[0]!, /^Etcd\.Pass is sent in plain text/);
  assert.match((await etcd(", User: u, Pass: p", "http://etcd:2379"))[0]!, /^Etcd\.Pass is sent in plain text/);
  assert.match((await etcd(", User: u"))[0]!, /^Etcd\.User has no Pass/);
  assert.match((await etcd(", Pass: p"))[0]!, /^Etcd\.Pass has no User/);
  assert.match((await etcd(", InsecureSkipVerify: true"))[0]!, /^Etcd\.InsecureSkipVerify is on/);
  assert.match(
    (await etcd(", CACertFile: ca.pem", "http://etcd:2379"))[0]!,
    /^Etcd\.Hosts has http:\/\/ hosts beside TLS/,
  );
  for (const rest of [", User: u, Pass: p, CACertFile: ca.pem", ""]) assert.deepEqual(await etcd(rest), []);
  for (const host of ["127.0.0.1:2379", "localhost:2379", "[::1]:2379", "https://etcd:2379"]) {
    assert.deepEqual(await etcd(", User: u, Pass: p", host), [], host);
  }
  assert.deepEqual(await of("Target: dns:///a:1, Snapshot: {}"), []);
});

test("a value of the wrong kind is refused by its key, path and line, quoted switches and numbers too", async () => {
  for (const [setting, problem] of [
    ['Subset: "2"', 'Subset: expected a number of instances, 0 for all, got "2"'],
    ["Subset: 1.5", "Subset: expected a number of instances, 0 for all, got 1.5"],
    ['HealthCheck: "no"', 'HealthCheck: expected true or false, got "no"'],
    ["HealthCheck: 0", "HealthCheck: expected true or false, got 0"],
    ["BalancerName: p2c", 'BalancerName: expected p2c_ewma, consistent_hash, round_robin or pick_first, got "p2c"'],
    ["BalancerName: 5", "BalancerName: expected p2c_ewma, consistent_hash, round_robin or pick_first, got 5"],
    ["Zone: 5", "Zone: expected the name of a zone (put it in quotes), got 5"],
    ["Timeout: yes", 'Timeout: expected whole milliseconds, 0 for none, got "yes"'],
    ["Snapshot: { MaxAge: 60 }", "Snapshot.MaxAge: expected a Go duration, for example 20s, 1m30s or 500ms, got 60"],
    [
      "Presence: true",
      "Presence is for clients whose instances etcd lists; give Etcd, or a Target that begins with etcd:, or leave it out",
    ],
    ["Presence: maybe", 'Presence: expected true or false, got "maybe"'],
  ] as const) {
    const problems = await file.problems(`OrderRpc:\n  Target: dns:///a:1\n  ${setting}\n`, client);
    assert.deepEqual(
      problems.map((line) => line.replace(/^3:\d+: OrderRpc\./, "")),
      [problem],
      setting,
    );
  }
  const { config } = await file.read("OrderRpc: { Target: dns:///a:1, HealthCheck: no }\n", client);
  assert.equal(config.OrderRpc.HealthCheck, false, "without quotes it is YAML 1.1's word");
});

test("YAML 1.1's words are false also where nothing but false or a section may stand", async () => {
  for (const off of ["false", "off", "No", "n"]) {
    const { config } = await file.read(
      `OrderRpc: { Target: "dns:///a:1", Methods: [{ FullMethod: /a.B/C, Hedge: ${off} }] }\n`,
      client,
    );
    assert.equal(config.OrderRpc.Methods[0]!.Hedge, false, off);
  }
});
