import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { runCli } from "../support/cli.js";
import { freePort } from "../support/ports.js";

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
      `note ${file}:4:7: Auth has no effect: nothing checks the app and token of callers; check them in an interceptor`,
      `ok ${file}: can be read: a server, client OrderRpc, client PayRpc, client TlsRpc`,
      "failed server: would be registered as 127.0.0.1:8080, which only this machine can reach, in a registry on another",
      `ok etcd ${registry.endpoint}: answers (revision N)`,
      `failed etcd ${closed}: refuses the connection: nothing listens there`,
      "failed etcd no-such-host.invalid:2379: has a name that is not found",
      "ok server key cart.rpc: lists no instance",
      "failed OrderRpc key order.rpc: lists no instance",
      "note order.rpc/1: its value (9 bytes) is no instance: it is not an address: it has no port; expected host:port, for example 10.0.0.1:8080",
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
