import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EtcdDiscovery, EtcdRegistrar, type EtcdSettings, listRegistrations } from "../../src/backends/etcd/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { Authority } from "./certificates.js";
import { Follower } from "./follower.js";

const skip = etcdSkipReason();
const ADDRESS = "10.0.0.1:80";

/** etcd with users: root, and "shop" who may do anything under order.rpc/ alone. */
async function startWithUsers(): Promise<Etcd> {
  const etcd = await startEtcd({ args: ["--auth-token-ttl=2"] });
  const run = (...args: string[]) => etcdctl(etcd.endpoint, ...args);
  await run("user", "add", "root:secret");
  await run("user", "grant-role", "root", "root");
  await run("user", "add", "shop:open");
  await run("role", "add", "orders");
  await run("role", "grant-permission", "--prefix=true", "orders", "readwrite", "order.rpc/");
  await run("user", "grant-role", "shop", "orders");
  await run("auth", "enable");
  return etcd;
}

test("passwords and roles: expired tokens are renewed silently, refusals name the user and the host", {
  skip,
}, async (t) => {
  const etcd = await startWithUsers();
  t.after(() => etcd.stop());
  const hosts = [etcd.endpoint];
  const shop: EtcdSettings = { hosts, user: "shop", pass: "open" };

  await t.test("a role for the instances alone is enough; facts are then neither written nor read", async () => {
    const registrar = new EtcdRegistrar(shop);
    const registration = await registrar.register("order.rpc", { address: ADDRESS, weight: 2 });
    assert.equal(registration.listed, true);
    await using follower = new Follower(new EtcdDiscovery(shop), "order.rpc");
    assert.deepEqual(await follower.until((set) => set.length > 0), [{ address: ADDRESS }]);
    await registration.deregister();
    await follower.until((set) => set.length === 0);
  });

  await t.test("tokens expire every two seconds: new watches and new registrations go on", async () => {
    await using first = new Follower(new EtcdDiscovery(shop), "order.rpc");
    await first.until(() => true);
    for (const round of [1, 2]) {
      await pause(3_500); // nothing tells that a token has expired; simple ones live on while they are used
      const registration = await new EtcdRegistrar(shop).register("order.rpc", { address: `10.0.0.${round}:80` });
      assert.equal(registration.listed, true);
      await first.untilAddresses(`10.0.0.${round}:80`);
      await using late = new Follower(new EtcdDiscovery(shop), "order.rpc");
      await late.untilAddresses(`10.0.0.${round}:80`);
      await registration.deregister();
      await late.untilAddresses();
      assert.deepEqual(late.troubles.filter(Boolean), []);
    }
    await first.untilAddresses();
    assert.deepEqual(first.troubles.filter(Boolean), []);
  });

  await t.test("a wrong password names user and host, and is tried again without end", async () => {
    const wrong = { ...shop, pass: "shut" };
    await assert.rejects(listRegistrations(wrong), (error: Error) => {
      assert.match(error.message, /authentication failed/);
      assert.match(error.message, /"shop"/);
      assert.ok(error.message.includes(etcd.endpoint));
      return true;
    });
    const registration = await new EtcdRegistrar(wrong).register("order.rpc", { address: ADDRESS });
    assert.equal(registration.listed, false);
    await registration.deregister();
  });

  await t.test("a user without permission is told which one, and waiting ends when it is granted", async () => {
    await using follower = new Follower(new EtcdDiscovery(shop), "stock.rpc");
    const trouble = await follower.untilTrouble((one) => one !== undefined);
    assert.match(trouble!.message, /permission denied.*"shop"/);
    assert.ok(trouble!.message.includes(etcd.endpoint));
    const registration = await new EtcdRegistrar(shop).register("stock.rpc", { address: ADDRESS });
    assert.equal(registration.listed, false);
    const root = ["--user", "root:secret"];
    await etcdctl(
      etcd.endpoint,
      ...root,
      "role",
      "grant-permission",
      "--prefix=true",
      "orders",
      "readwrite",
      "stock.rpc",
    );
    await follower.untilAddresses(ADDRESS);
    await registration.deregister();
  });

  await t.test(
    "a service that may not be read keeps none of those from being found that are asked for with it",
    async () => {
      const registration = await new EtcdRegistrar(shop).register("order.rpc", { address: ADDRESS });
      await using may = new Follower(new EtcdDiscovery(shop), "order.rpc");
      await using mayNot = new Follower(new EtcdDiscovery(shop), "secret.rpc");
      await may.untilAddresses(ADDRESS);
      assert.match((await mayNot.untilTrouble((one) => one !== undefined))!.message, /permission denied/);
      assert.deepEqual(may.troubles.filter(Boolean), []);
      await registration.deregister();
    },
  );

  await t.test("a client without a user is told to set one", async () => {
    await assert.rejects(listRegistrations({ hosts }), /Etcd\.User/);
  });
});

test("a user and password are no obstacle where etcd runs without authentication", { skip }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.stop());
  const settings = { hosts: [etcd.endpoint], user: "shop", pass: "open" };
  assert.deepEqual((await listRegistrations(settings)).registrations, []);
});

test("TLS, with a client certificate and without; what is wrong is said", { skip }, async (t) => {
  using authority = new Authority();
  using stranger = new Authority();
  const server = authority.sign("server");
  const { certFile, keyFile: certKeyFile } = authority.sign("client");
  const expired = authority.sign("expired", -1);
  const etcd = await startEtcd({
    args: [
      ...[`--cert-file=${server.certFile}`, `--key-file=${server.keyFile}`],
      ...[`--trusted-ca-file=${authority.caFile}`, "--client-cert-auth=true"],
    ],
  });
  t.after(() => etcd.stop());
  const hosts = [etcd.endpoint];
  const port = etcd.endpoint.split(":")[1];
  const mutual = { hosts, caCertFile: authority.caFile, certFile, certKeyFile };

  assert.deepEqual((await listRegistrations(mutual)).registrations, []);
  assert.deepEqual((await listRegistrations({ ...mutual, hosts: [`localhost:${port}`] })).registrations, []);
  const unverified = { hosts, insecureSkipVerify: true, certFile, certKeyFile };
  assert.deepEqual((await listRegistrations(unverified)).registrations, []);

  const plain = await startEtcd();
  t.after(() => plain.stop());
  const refusals: [string, EtcdSettings, RegExp][] = [
    ["TLS where etcd has none", { hosts: [plain.endpoint], caCertFile: authority.caFile }, /seems not to speak TLS/],
    ["https:// where etcd has no TLS", { hosts: [`https://${plain.endpoint}`] }, /without https:/],
    ["another authority", { ...mutual, caCertFile: stranger.caFile }, /certificate.*Etcd\.CACertFile/],
    ["no client certificate", { hosts, caCertFile: authority.caFile }, /asks for a client certificate.*Etcd\.CertFile/],
    [
      "an expired one",
      { ...mutual, certFile: expired.certFile, certKeyFile: expired.keyFile },
      /refuses.*Etcd\.CertFile.*expired/,
    ],
    ["no TLS at all", { hosts }, /TLS.*https:/],
    ["a file that is not there", { ...mutual, caCertFile: "/nowhere/ca.pem" }, /Etcd\.CACertFile.*\/nowhere\/ca\.pem/],
    ["a file that is none", { ...mutual, certKeyFile: certFile }, /cannot be used/],
  ];
  for (const [what, settings, expected] of refusals) {
    await t.test(what, () => assert.rejects(listRegistrations(settings), expected));
  }
});

test("an expired certificate of etcd is refused by name; replaced files are used without a restart", {
  skip,
}, async (t) => {
  using authority = new Authority();
  using next = new Authority();
  const server = authority.sign("server", -1);
  const args = [`--cert-file=${server.certFile}`, `--key-file=${server.keyFile}`];
  const etcd = await startEtcd({ args });
  t.after(() => etcd.stop());
  const settings = { hosts: [etcd.endpoint], caCertFile: authority.caFile };
  await assert.rejects(listRegistrations(settings), /expired/);

  await using follower = new Follower(new EtcdDiscovery(settings), "order.rpc");
  await follower.untilTrouble((trouble) => trouble !== undefined);
  next.sign("server");
  next.replace(authority, "server"); // etcd reads its certificate anew for each connection, too
  await follower.until(() => true);
  assert.equal(follower.troubles.at(-1), undefined);
});
