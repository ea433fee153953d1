import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { TYPESCRIPT } from "../typescript.js";
import { etcdSkipReason, startEtcd, startEtcdCluster } from "./etcd.js";
import { etcdctl } from "./etcdctl.js";

const skip = etcdSkipReason();

test("a node keeps its data over a restart and forgets it, cluster id included, when wiped", { skip }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.stop());
  const clusterId = async () => JSON.parse(await etcdctl(etcd.endpoint, "get", "k", "-w", "json")).header.cluster_id;
  await etcdctl(etcd.endpoint, "put", "k", "v");
  const [pid, id] = [etcd.pid, await clusterId()];

  await etcd.restart();
  assert.notEqual(etcd.pid, pid);
  assert.equal(await etcdctl(etcd.endpoint, "get", "k", "--print-value-only"), "v\n");
  assert.equal(await clusterId(), id);

  await etcd.restart({ wipe: true });
  assert.equal(await etcdctl(etcd.endpoint, "get", "k", "--print-value-only"), "");
  assert.notEqual(await clusterId(), id);

  await etcd.stop();
  assert.equal(existsSync(etcd.dir), false);
});

test("a cluster elects another leader when its own is killed, and takes the old one back", { skip }, async (t) => {
  const cluster = await startEtcdCluster(3);
  t.after(() => cluster.stop());
  const first = await cluster.leader();
  await etcdctl(first.endpoint, "put", "k", "v");
  await first.kill();
  const second = await cluster.leader();
  assert.notEqual(second.endpoint, first.endpoint);
  await first.restart();
  assert.equal(await etcdctl(first.endpoint, "get", "k", "--print-value-only"), "v\n");
});

test("an etcd does not outlive a test process that is killed", { skip }, async () => {
  const script = `import { startEtcd } from ${JSON.stringify(new URL("./etcd.ts", import.meta.url).href)};
    const etcd = await startEtcd();
    console.log(etcd.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, [...TYPESCRIPT, "--input-type=module", "-e", script]);
  const [printed] = await once(child.stdout, "data");
  const pid = Number(String(printed));
  assert.ok(isAlive(pid));
  child.kill("SIGKILL");
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
});

/** A process that is dead but not yet collected by its parent counts as dead. */
function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}
