import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";

const ADDRESS = "10.0.0.1:8080";
let registry: DevRegistry;
let url: string;
let leave: () => Promise<void>;

before(async () => {
  registry = await startDevRegistry();
  url = `etcd:///${registry.endpoint}?key=order&layout=kratos`;
  const registrar = new EtcdRegistrar({ hosts: [registry.endpoint], layout: "kratos" });
  const registration = await registrar.register("order", { address: ADDRESS });
  leave = () => registration.deregister();
});
after(async () => {
  await leave();
  await registry.close();
});

test("ls and watch show of a URL with Kratos' layout what a client with it finds", async (t) => {
  const { code, stdout, stderr } = await runCli(t, ["ls", url, "--no-health", "--json"]);
  assert.equal(code, 0, stderr);
  const [row, ...others] = JSON.parse(stdout) as { service: string; address: string; form: string }[];
  assert.deepEqual([row!.service, row!.address, row!.form], ["/microservices/order", ADDRESS, "kratos"]);
  assert.deepEqual(others, []);
  const { value: line } = await linesOf(startCli(t, ["watch", url, "--no-health", "--json"])).next();
  const { change, service, instance } = JSON.parse(line) as {
    change: string;
    service: string;
    instance: { address: string };
  };
  assert.deepEqual([change, service, instance.address], ["listed", "/microservices/order", ADDRESS]);
});

test("doctor looks for the instances of a file with Layout kratos where they stand", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-doctor-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "cart.yaml");
  const etcd = (key: string) => `{ Hosts: ["${registry.endpoint}"], Key: ${key}, Layout: kratos }`;
  writeFileSync(
    file,
    `Name: cart\nListenOn: 127.0.0.1:0\nEtcd: ${etcd("cart")}\nOrderRpc: { Etcd: ${etcd("order")} }\n`,
  );
  const { stdout } = await runCli(t, ["doctor", file]);
  const lines = stdout.split("\n");
  for (const line of [
    "✓ server key /microservices/cart: can be written",
    `✓ OrderRpc key /microservices/order: lists 1 instance: ${ADDRESS}`,
  ]) {
    assert.ok(lines.includes(line), `${line} in:\n${stdout}`);
  }
});

test("an instance is paused by the service as ls shows it", async (t) => {
  const etcd = ["--etcd", registry.endpoint];
  const paused = await runCli(t, ["pause", "/microservices/order", ADDRESS, ...etcd]);
  assert.equal(paused.code, 0, paused.stderr);
  const resumed = await runCli(t, ["resume", "/microservices/order", ADDRESS, ...etcd]);
  assert.equal(resumed.code, 0, resumed.stderr);
});
