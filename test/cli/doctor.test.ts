// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the subject.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { freePort } from "../support/network/ports.js";
import { runCli } from "../support/programs/cli.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";

/** Something that takes connections. */
async function listener(t: TestContext): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => {}).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

function write(t: TestContext, yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-doctor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "cart.yaml");
  writeFileSync(file, yaml);
  return file;
}

test("a configuration that works gets a tick for everything in it", async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  const address = await listener(t);
  const registration = await new EtcdRegistrar({ hosts: [registry.endpoint] }).register("order.rpc", { address });
  t.after(() => registration.deregister());
  const file = write(
    t,
    `Name: cart.rpc
ListenOn: 127.0.0.1:0
Etcd: { Hosts: ["${registry.endpoint}"], Key: cart.rpc }
OrderRpc: { Etcd: { Key: order.rpc } }
Upstream:
  PayRpc: { Endpoints: ["${address}"] }
MailRpc: { Target: "direct:///${address}" }
Cache: { Host: redis:6379 }
`,
  );
  const { code, stdout, stderr } = await runCli(t, ["doctor", file]);
  assert.equal(stderr, "");
  assert.deepEqual(
    stdout
      .replace(/\(revision \d+\)/, "(revision N)")
      .trimEnd()
      .split("\n"),
    [
      `✓ ${file}: can be read: a server, client OrderRpc, client Upstream.PayRpc, client MailRpc`,
      "✓ server: would be registered as 127.0.0.1:(a free port)",
      `✓ etcd ${registry.endpoint}: answers (revision N)`,
      "✓ server key cart.rpc: lists no instance",
      "✓ server key cart.rpc: can be written",
      `✓ OrderRpc key order.rpc: lists 1 instance: ${address}`,
      `✓ OrderRpc ${address}: takes connections`,
      `✓ Upstream.PayRpc ${address}: takes connections`,
      `✓ MailRpc.Target direct:///${address}: lists 1 instance`,
      `✓ MailRpc ${address}: takes connections`,
    ],
  );
  assert.equal(code, 0);
});

test("each thing that is wrong gets a cross, and advice", async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  registry.put("order.rpc/1", "127.0.0.1");
  const closed = `127.0.0.1:${await freePort()}`;
  const file = write(
    t,
    `Name: cart.rpc
ListenOn: 127.0.0.1:8080
Etcd: { Hosts: ["${registry.endpoint}", "${closed}", "no-such-host.invalid:2379"], Key: cart.rpc }
Auth: true
OrderRpc: { Etcd: { Key: order.rpc } }
PayRpc: { Endpoints: ["${closed}"] }
TlsRpc: { Etcd: { Hosts: ["${closed}"], Key: a, CACertFile: no-such.pem } }
`,
  );
  const { code, stdout } = await runCli(t, ["doctor", "--json", file]);
  const checks: { outcome: string; subject: string; message: string; advice?: string }[] = JSON.parse(stdout);
  assert.equal(code, 1);
  const found = checks.map(({ outcome, subject, message }) => `${outcome} ${subject}: ${message}`);
  assert.deepEqual(
    found.map((line) => line.replace(/\(revision \d+\)/, "(revision N)")),
    [
      `ok ${file}: can be read: a server, client OrderRpc, client PayRpc, client TlsRpc`,
      "failed server: would be registered as 127.0.0.1:8080, which only this machine can reach, in a registry on another",
      `ok etcd ${registry.endpoint}: answers (revision N)`,
      `failed etcd ${closed}: refuses the connection: nothing listens there`,
      "failed etcd no-such-host.invalid:2379: has a name that is not found",
      "ok server key cart.rpc: lists no instance",
      "ok server key cart.rpc: can be written",
      "failed OrderRpc key order.rpc: lists no instance",
      "warning order.rpc/1: no instance: a value of 9 bytes, not shown",
      `failed PayRpc ${closed}: refuses the connection: nothing listens there`,
      "failed TlsRpc.Etcd.CACertFile: no-such.pem does not exist",
    ],
  );
  for (const { outcome, advice, subject } of checks) if (outcome === "failed") assert.ok(advice, subject);
});

test("a file that cannot be used gets a cross for every problem in it", async (t) => {
  const file = write(t, "Name: cart.rpc\nListenOn: 8080\nEtcd: { Host: [a:1], Key: a }\n");
  const { code, stdout } = await runCli(t, ["doctor", file]);
  assert.equal(code, 1);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    `✗ ${file}:2:11: ListenOn: expected host:port, for example 0.0.0.0:8080, got 8080`,
    `✗ ${file}:3:9: Etcd.Hosts is missing; expected a list of etcd addresses (lines beginning with "- ") (Etcd.Host: did you mean Hosts?)`,
  ]);
});

test("an application's own sections are no clients, and keep nothing else from being examined", async (t) => {
  const address = await listener(t);
  const file = write(
    t,
    `Elastic: { Endpoints: ["http://127.0.0.1:9200"] }
Alerts: { Target: "#oncall" }
Deploy: { Target: production }
Store: { Endpoint: "https://s3.example.com", Etcd: { Endpoints: ["http://127.0.0.1:2379"], Key: key.pem } }
Admin: { ListenOn: 9000 }
Scrape: [{ Target: "127.0.0.1:1" }]
Pay: { Endpoints: ["${address}"] }
MailRpcs: [{ Target: "direct:///${address}" }]
OrderRpc: { Endpoints: ["${address}"] }
`,
  );
  const { code, stdout } = await runCli(t, ["doctor", "--json", file]);
  const checks: { outcome: string; subject: string; message: string; advice?: string }[] = JSON.parse(stdout);
  const foreign = (kind: string) => `looks like no ${kind} of Rollcall's, and is not examined`;
  assert.deepEqual(
    checks.map(({ outcome, subject, message }) => `${outcome} ${subject}: ${message}`),
    [
      `ok ${file}: can be read: client Pay, client OrderRpc`,
      `note Elastic: ${foreign("client")}`,
      `note Alerts: ${foreign("client")}`,
      `note Deploy: ${foreign("client")}`,
      `note Store: ${foreign("client")}`,
      `note Admin: ${foreign("server")}`,
      "note Scrape: looks like a list of clients, and is not examined",
      `ok Pay ${address}: takes connections`,
      "note MailRpcs: looks like a list of clients, and is not examined",
      `ok OrderRpc ${address}: takes connections`,
    ],
  );
  assert.match(
    checks[1]!.advice!,
    /^if it is one: Elastic\.Endpoints\[0\]: "http:\/\/127\.0\.0\.1:9200" is not an address/,
  );
  assert.equal(code, 0);
});

test("a file that holds nothing but an application's own says so, and is warned about as any other", async (t) => {
  const file = write(t, 'Etcd: { Endpoints: ["a:1"], Key: key.pem }\nPass: !secret\nOwn: ${ROLLCALL_TEST_UNSET}\n');
  const { code, stdout } = await runCli(t, ["doctor", "--json", file]);
  const checks: { outcome: string; subject: string; message: string; advice?: string }[] = JSON.parse(stdout);
  assert.deepEqual(
    checks.map(({ outcome, subject, message }) => `${outcome} ${subject}: ${message}`),
    [
      `warning ${file}:2:7: "!" begins a tag, which is unknown and dropped; quote text that begins with "!"`,
      `warning ${file}:3:6: \${ROLLCALL_TEST_UNSET} is not set in the environment and became nothing`,
      `failed ${file}: has no server and no client`,
      `note ${file}: looks like no client of Rollcall's, and is not examined`,
    ],
  );
  assert.match(checks[3]!.advice!, /^if it is one: Etcd\.Hosts is missing; [^!]*$/);
  assert.equal(code, 1);
});

test("a section that is refused keeps no other from being examined, and what it hands down is wrong once", async (t) => {
  const address = await listener(t);
  const file = write(
    t,
    `Name: cart.rpc
ListenOn: 8080
Etcd: { Hosts: [no-port], Key: cart.rpc }
OrderRpc: { Etcd: { Key: order.rpc } }
PayRpc: { Endpoints: ["${address}"] }
Shards: [{ Etcd: { Hosts: [], Key: a } }, { OrderRpc: { Endpoints: ["${address}"] } }]
`,
  );
  const { code, stdout } = await runCli(t, ["doctor", file]);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    `✗ ${file}:2:11: ListenOn: expected host:port, for example 0.0.0.0:8080, got 8080`,
    `✗ ${file}:3:17: Etcd.Hosts[0]: "no-port" is not an address: it has no port; expected host:port, for example 10.0.0.1:8080`,
    `✗ ${file}:6:10: Shards[0]: nothing says where the instances are; expected one of Endpoints (fixed addresses), Target (a URL) or Etcd (Hosts and Key)`,
    `✓ ${file}: can be read: client PayRpc, client Shards[1].OrderRpc`,
    `✓ PayRpc ${address}: takes connections`,
    `✓ Shards[1].OrderRpc ${address}: takes connections`,
  ]);
  assert.equal(code, 1);
});

test("a template is examined where YAML's aliases take it, and a key named __proto__ not at all", async (t) => {
  const address = await listener(t);
  const file = write(
    t,
    `base: &base { Endpoints: ["${address}"] }
OrderRpc: { <<: *base, Timeout: 5 }
__proto__: { Etcd: { Hosts: ["127.0.0.1:1"], Key: a } }
`,
  );
  const { code, stdout, stderr } = await runCli(t, ["doctor", file]);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    `✓ ${file}: can be read: client OrderRpc`,
    "· base: is a template of others: what they take of it is examined there, and nothing else of it",
    `✓ OrderRpc ${address}: takes connections`,
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
});

test("what several clients inherit is warned about once, and what each of them lacks with each", async (t) => {
  const file = write(
    t,
    `Name: cart.rpc
ListenOn: 127.0.0.1:0
Etcd: { Hosts: ["127.0.0.1:${await freePort()}"], Key: cart.rpc, InsecureSkipVerify: true }
PayRpc: { Timeout: 500 }
StockRpc: { Etcd: { ID: 5 } }
`,
  );
  const { stdout } = await runCli(t, ["doctor", file]);
  const warnings = stdout.split("\n").filter((line) => line.startsWith("!"));
  assert.deepEqual(
    warnings.map((line) => /^! .*?:(\d+:\d+: \S+) /.exec(line)?.[1]),
    ["3:72: Etcd.InsecureSkipVerify", "4:1: PayRpc.Etcd.Key", "5:13: StockRpc.Etcd.Key"],
  );
});

test("a list whose items may be clients is told once, with what would make them some", async (t) => {
  const address = await listener(t);
  const list = `[{ Target: "direct:///${address}" }, { Endpoints: ["${address}"] }]`;
  const { code, stdout } = await runCli(t, [
    "doctor",
    write(t, `PayRpc: { Endpoints: ["${address}"] }\nUp: ${list}\n`),
  ]);
  assert.deepEqual(stdout.trimEnd().split("\n").slice(-2), [
    "· Up: looks like a list of clients, and is not examined",
    "  → if it is one: a client in a list has a name that ends with Rpc, or an Etcd with Hosts and Key",
  ]);
  assert.equal(code, 0);
});

test("warnings alone end with 3: near misses, nested keys, keys without a lease, unsafe settings", async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  const address = await listener(t);
  registry.put("shop/1", address);
  registry.put("shop/admin/it's 1", address);
  const of = async (yaml: string) => {
    const { code, stdout } = await runCli(t, ["doctor", write(t, yaml)]);
    return { code, warnings: stdout.split("\n").filter((line) => line.startsWith("!")), stdout };
  };
  const miss = await of(`OrderRpc: { Endpoints: ["${address}"], Timout: 5 }\n`);
  assert.deepEqual([miss.code, miss.warnings.length], [3, 1]);
  assert.match(miss.warnings[0]!, /OrderRpc\.Timout: did you mean Timeout\?/);

  const nested = await of(`ShopRpc: { Etcd: { Hosts: ["${registry.endpoint}"], Key: shop } }\n`);
  assert.equal(nested.code, 3);
  assert.match(nested.warnings[0]!, /key shop: holds the instances of other services too.*: shop\/admin$/);
  assert.match(
    nested.stdout,
    /etcdctl del 'shop\/admin\/it'\\''s 1'$/m,
    "what is to be pasted is quoted for the shell",
  );

  const unsafe = await of(`OrderRpc: { Endpoints: ["${address}"], KeepaliveTime: 10s }\n`);
  assert.equal(unsafe.code, 3);
  const fine = await of(`OrderRpc: { Endpoints: ["${address}"] }\n`);
  assert.deepEqual([fine.code, fine.warnings], [0, []]);
});

test("no password is shown, of a target, of a host, in JSON or not", async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  registry.faults.requireAuth({ user: "shop", password: "other" });
  for (const section of [
    `Target: "etcd:///${registry.endpoint}?key=a&user=shop&pass=hunter2"`,
    `Target: "etcd:///${registry.endpoint}?key=a&psas=hunter2"`,
    `Target: "etcd://shop:hunter2@${registry.endpoint}/a"`,
    `Etcd: { Hosts: ["shop:hunter2@${registry.endpoint}"], Key: a }`,
    `Etcd: { Hosts: ["${registry.endpoint}"], Key: a, User: shop, Pass: hunter2 }`,
  ]) {
    const file = write(t, `OrderRpc: { ${section} }\n`);
    for (const args of [
      ["doctor", file],
      ["doctor", "--json", file],
    ]) {
      const { code, stdout, stderr } = await runCli(t, args, { ROLLCALL_LOG_LEVEL: "debug" });
      assert.equal(code, 1, stdout);
      assert.doesNotMatch(stdout + stderr, /hunter2/, section);
    }
  }
});

test("instances that are listed and do not answer are told, of a server's own key too", async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  const closed = `127.0.0.1:${await freePort()}`;
  const registration = await new EtcdRegistrar({ hosts: [registry.endpoint] }).register("cart.rpc", {
    address: closed,
  });
  t.after(() => registration.deregister());
  const file = write(t, `Name: a\nListenOn: 127.0.0.1:0\nEtcd: { Hosts: ["${registry.endpoint}"], Key: cart.rpc }\n`);
  const { code, stdout } = await runCli(t, ["doctor", file]);
  assert.equal(code, 1);
  assert.match(stdout, new RegExp(`✗ server ${closed}: refuses the connection: nothing listens there`));
});

test("a server that may not write is told before it starts: no rights, and an etcd that is full", {
  skip: etcdSkipReason(),
}, async (t) => {
  const etcd = await startEtcd({ args: ["--quota-backend-bytes=200000"] });
  t.after(() => etcd.stop());
  const run = (...args: string[]) => etcdctl(etcd.endpoint, ...args);
  const yaml = (key: string, account = "") =>
    write(
      t,
      `Name: a\nListenOn: 127.0.0.1:0\nZone: eu\nEtcd: { Hosts: ["${etcd.endpoint}"], Key: ${key}${account} }\n`,
    );
  const before = await runCli(t, ["doctor", yaml("order.rpc")]);
  assert.match(before.stdout, /✓ server key order\.rpc: can be written/);
  assert.equal((await runCli(t, ["ls", "--json", "--etcd", etcd.endpoint])).stdout, "[]\n", "nothing was written");

  for (const args of [
    ["user", "add", "root:secret"],
    ["user", "grant-role", "root", "root"],
    ["user", "add", "shop:open"],
    ["role", "add", "orders"],
    ["role", "grant-permission", "--prefix=true", "orders", "readwrite", "order.rpc/"],
    ["role", "grant-permission", "--prefix=true", "orders", "read", "pay.rpc/"],
    ["user", "grant-role", "shop", "orders"],
    ["auth", "enable"],
  ]) {
    await run(...args);
  }
  const shop = ", User: shop, Pass: open";
  const some = await runCli(t, ["doctor", yaml("order.rpc", shop)]);
  assert.match(
    some.stdout,
    /! server key order\.rpc: can be written, but Weight, Zone and Metadata cannot: .*permission denied/,
  );
  const [, advice] = /grant the role more: etcdctl (.*)/.exec(some.stdout) ?? assert.fail(some.stdout);
  await run("--user=root:secret", ...advice!.replaceAll("'", "").replace("ROLE", "orders").split(" "));
  const granted = await runCli(t, ["doctor", yaml("order.rpc", shop)]);
  assert.match(granted.stdout, /✓ server key order\.rpc: can be written\n/, "what it advises helps");
  const none = await runCli(t, ["doctor", yaml("pay.rpc", shop)]);
  assert.equal(none.code, 1, none.stdout);
  assert.match(none.stdout, /✗ server key pay\.rpc: cannot be written: .*permission denied[\s\S]*readwrite pay\.rpc\//);
  await run("--user=root:secret", "auth", "disable");

  for (const full of ["a", "b", "c"]) await run("put", full, "x".repeat(100_000)).catch(() => {});
  const { code, stdout } = await runCli(t, ["doctor", yaml("order.rpc")]);
  assert.equal(code, 1, stdout);
  assert.match(stdout, /✗ server key order\.rpc: cannot be written: .*space exceeded[\s\S]*alarm NOSPACE/);
});
