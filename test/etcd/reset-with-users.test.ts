import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { EtcdDiscovery, EtcdRegistrar, type EtcdSettings } from "../../src/backends/etcd/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { Follower } from "./follower.js";

const skip = etcdSkipReason();

async function addUser({ endpoint }: Etcd): Promise<void> {
  await etcdctl(endpoint, "user", "add", "root:secret");
  await etcdctl(endpoint, "user", "grant-role", "root", "root");
  await etcdctl(endpoint, "auth", "enable");
}

test("etcd lost its data and was set up again with the same user: who had a token of the longer history logs in anew", {
  skip,
}, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.stop());
  for (let put = 0; put < 100; put++) await etcdctl(etcd.endpoint, "put", "filler", String(put));
  await addUser(etcd);
  const settings: EtcdSettings = { hosts: [etcd.endpoint], user: "root", pass: "secret" };
  const registration = await new EtcdRegistrar(settings).register("order.rpc", { address: "10.0.0.1:80" });
  t.after(() => registration.deregister());
  await using follower = new Follower(new EtcdDiscovery(settings), "order.rpc");
  await follower.untilAddresses("10.0.0.1:80");

  await etcd.restart({ wipe: true });
  await addUser(etcd);
  // Told by the registration itself, over a session that has logged in.
  await once(registration, "restored");
  const listed = await etcdctl(etcd.endpoint, "--user", "root:secret", "get", "order.rpc/", "--prefix");
  assert.match(listed, /10\.0\.0\.1:80/);
});
