import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { createClient } from "../../src/index.js";
import { EchoClient, say, startBareEcho } from "../support/echo.js";
import { runCli } from "../support/programs/cli.js";
import { until } from "../support/until.js";

test("ls and doctor show the snapshots that clients have kept, and their age", async (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-kept-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  const server = await startBareEcho();
  t.after(() => server.stop());
  const { address } = server;
  const registration = await new EtcdRegistrar({ hosts: [registry.endpoint] }).register("order.rpc", { address });
  const file = join(folder, "cart.yaml");
  const yaml = (section: string) =>
    writeFileSync(
      file,
      `OrderRpc:\n  Etcd: { Hosts: ["${registry.endpoint}"], Key: order.rpc }\n  Snapshot: { Dir: "${folder}"${section} }\n`,
    );
  yaml("");
  const before = await runCli(t, ["doctor", file]);
  assert.match(before.stdout, /^· OrderRpc\.Snapshot: no snapshot of it yet/m);
  assert.equal(before.code, 0, "a note is no trouble");

  const client = createClient(EchoClient, {
    Etcd: { Hosts: [registry.endpoint], Key: "order.rpc" },
    Snapshot: { Dir: folder },
  });
  t.after(() => client.close());
  await say(client);
  await until(() => readdirSync(folder).some((name) => name.endsWith(".snapshot")), "a snapshot");

  const doctor = await runCli(t, ["doctor", file]);
  assert.match(doctor.stdout, /^✓ OrderRpc\.Snapshot: 1 instance, [\d.]+ s old, would be used/m);
  yaml(", MaxAge: 1ms");
  assert.match((await runCli(t, ["doctor", file])).stdout, /older than MaxAge, so it is not used/);

  writeFileSync(join(folder, "x.snapshot"), "rubbish");
  const table = await runCli(t, ["ls", "--snapshots", folder]);
  assert.match(table.stdout, /^SERVICE +BACKEND +AGE +INSTANCES +ADDRESSES +PROBLEM\n/);
  assert.match(table.stdout, new RegExp(`^order\\.rpc +etcd +[\\d.]+ s +1 +${server.address}$`, "m"));
  assert.match(table.stdout, /x\.snapshot: it is damaged or was not written whole/);
  const json = await runCli(t, ["ls", "order", "--snapshots", "--json"], { ROLLCALL_SNAPSHOT_DIR: folder });
  const [{ service, instances, ageSeconds }, ...others] = JSON.parse(json.stdout);
  assert.deepEqual([service, instances, others], ["order.rpc", [server.address], []]);
  assert.ok(ageSeconds >= 0);
  await registration.deregister();
  const none = await runCli(t, ["ls", "--snapshots", join(folder, "none")]);
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  assert.ok(none.stderr.includes(`no snapshot is kept in ${join(folder, "none")};`), none.stderr);
  const other = await runCli(t, ["ls", "pay", "--snapshots", folder]);
  assert.match(other.stderr, /^no snapshot of a service that begins with "pay" is kept in /);
});
