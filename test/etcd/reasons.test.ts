import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EtcdDiscovery, EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { setLogLevel } from "../../src/log.js";
import { freePort } from "../support/network/ports.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { until } from "../support/until.js";
import { Follower } from "./follower.js";
import { LogLines } from "./log-lines.js";

const skip = etcdSkipReason();
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(async () => {
  setLogLevel("silent");
  await etcd?.stop();
});

const [FIRST, SECOND] = ["10.0.0.1:80", "10.0.0.2:80"];

test("every reason why a server is not listed is one warning, also those after the first", async () => {
  const dev = await startDevRegistry();
  await dev.faults.refuse(true);
  dev.faults.requireAuth({ user: "shop", password: "open" });
  const log = new LogLines("order.rpc");
  const registration = await new EtcdRegistrar({ hosts: [dev.endpoint] }).register("order.rpc", { address: FIRST });
  const reasons: string[] = [];
  registration.on("lost", ({ message }) => reasons.push(message));
  assert.equal(registration.listed, false);
  await log.until(/10\.0\.0\.1:80 cannot be registered yet: .*ECONNREFUSED/);
  await dev.faults.refuse(false);
  await log.until(/10\.0\.0\.1:80 cannot be registered yet: .*Etcd\.User/);
  dev.faults.requireAuth(undefined);
  await log.until(/registered 10\.0\.0\.1:80 in etcd as order\.rpc\//);
  assert.equal(registration.listed, true);
  await dev.faults.refuse(true);
  dev.faults.expireLeases();
  await dev.faults.refuse(false);
  await log.until(/10\.0\.0\.1:80 is no longer listed in etcd: /);
  await until(() => registration.listed, "it is listed again");
  assert.ok(log.warnings.length <= 2 + 2, log.warnings.join("\n"));
  assert.equal(new Set(log.warnings).size, log.warnings.length, "each reason once");
  assert.ok(
    reasons.some((reason) => reason.includes("Etcd.User")),
    "lost tells each reason too",
  );
  await registration.deregister();
  await dev.close();
});

test("listeners of a registration that throw are told, and disturb neither it nor the process", async () => {
  const dev = await startDevRegistry();
  const log = new LogLines();
  const registration = await new EtcdRegistrar({ hosts: [dev.endpoint] }).register("order.rpc", { address: FIRST });
  const heard: string[] = [];
  for (const event of ["lost", "restored"] as const) {
    registration.on(event, () => {
      heard.push(event);
      throw new Error(`thrown at ${event}`);
    });
  }
  dev.faults.expireLeases();
  await until(() => heard.includes("restored"), "it is lost and listed again");
  assert.equal(registration.listed, true);
  assert.equal(log.matching(/^a listener of a registration threw$/).length, heard.length);
  await registration.deregister();
  await dev.close();
});

test("what was never in is not said to be taken out", { skip }, async () => {
  const port = await freePort();
  const log = new LogLines("order.rpc");
  const never = await new EtcdRegistrar({ hosts: [`127.0.0.1:${port}`] }).register("order.rpc", { address: FIRST });
  await never.deregister();
  assert.deepEqual(log.matching(/took|may be listed/), []);
  const once = await new EtcdRegistrar({ hosts: [etcd.endpoint] }).register("order.rpc", { address: FIRST });
  await once.deregister();
  assert.deepEqual(log.matching(/took/), [`took ${FIRST} out of etcd`]);
});

for (const kind of ["etcd", "dev registry"] as const) {
  test(`${kind}: two servers with one Etcd.ID: the one that lost its key is told whose it is, and the cure`, {
    skip: kind === "etcd" && skip,
  }, async () => {
    const dev = kind === "dev registry" ? await startDevRegistry() : undefined;
    const endpoint = dev?.endpoint ?? etcd.endpoint;
    const log = new LogLines("id.rpc");
    const first = await new EtcdRegistrar({ hosts: [endpoint], id: 7n }).register("id.rpc", { address: FIRST });
    // Named otherwise, so that nothing is shared: as another process.
    const elsewhere = { hosts: [endpoint.replace("127.0.0.1", "localhost")], id: 7n };
    const second = await new EtcdRegistrar(elsewhere).register("id.rpc", { address: SECOND });
    const told = await log.until(/is no longer listed/);
    assert.equal(
      told,
      `${FIRST} is no longer listed in etcd: ${SECOND} has taken its key id.rpc/7, because both have the Etcd.ID 7; ` +
        "give each instance of id.rpc an Etcd.ID of its own, or none",
    );
    assert.equal(first.listed, false);
    await second.deregister();
    await until(() => first.listed, "it takes the place that became free");
    await first.deregister();
    assert.deepEqual(log.matching(/^took/), [`took ${SECOND} out of etcd`, `took ${FIRST} out of etcd`]);
    await dev?.close();
  });
}

test("what somebody writes under a server's key is told, and never shown", { skip }, async () => {
  const log = new LogLines("key.rpc");
  const registration = await new EtcdRegistrar({ hosts: [etcd.endpoint] }).register("key.rpc", { address: FIRST });
  const [key] = (await etcdctl(etcd.endpoint, "get", "--prefix", "key.rpc/", "--keys-only")).trim().split("\n");
  await etcdctl(etcd.endpoint, "put", key!, "hunter2");
  const told = await log.until(/is no longer listed/);
  assert.match(told, /written 7 bytes that are no instance under its key key\.rpc\/\d+; delete that key/);
  await etcdctl(etcd.endpoint, "del", key!);
  await until(() => registration.listed, "it is listed again");
  await registration.deregister();
});

test("a role without rights beside the service's keys: servers say once what to grant, clients say nothing", {
  skip,
}, async (t) => {
  const guarded = await startEtcd();
  t.after(() => guarded.stop());
  const run = (...args: string[]) => etcdctl(guarded.endpoint, ...args);
  await run("user", "add", "root:secret");
  await run("user", "grant-role", "root", "root");
  await run("user", "add", "shop:open");
  await run("role", "add", "orders");
  await run("role", "grant-permission", "--prefix=true", "orders", "readwrite", "order.rpc/");
  await run("user", "grant-role", "shop", "orders");
  await run("auth", "enable");
  const shop = { hosts: [guarded.endpoint], user: "shop", pass: "open" };

  const clients = new LogLines();
  await using follower = new Follower(new EtcdDiscovery(shop), "order.rpc");
  await follower.untilAddresses();
  assert.deepEqual(clients.warnings, []);

  const log = new LogLines("order.rpc");
  const instance = { address: FIRST, weight: 2 };
  const registration = await new EtcdRegistrar(shop).register("order.rpc", instance);
  await follower.untilAddresses(FIRST);
  assert.equal(registration.listed, true);
  const command = "etcdctl role grant-permission ROLE readwrite 'order.rpc.~rollcall' 'order.rpc/'";
  const told = await log.until(/grant-permission/);
  assert.ok(told.endsWith(command), told);
  assert.match(told, /weight, zone and metadata are not published.*user "shop"/);
  assert.equal(log.warnings.length, 1);

  const asRoot = (...args: string[]) => run("--user", "root:secret", ...args);
  const [, ...granted] = command.replace("ROLE", "orders").replaceAll("'", "").split(" ");
  await asRoot(...granted);
  await asRoot("del", "--prefix", "order.rpc/");
  await follower.until((set) => set.some(({ weight }) => weight === 2));
  await registration.deregister();

  const again = await new EtcdRegistrar(shop).register("order.rpc", instance);
  await using fresh = new Follower(new EtcdDiscovery(shop), "order.rpc");
  assert.deepEqual(await fresh.until((set) => set.length > 0), [instance], "the command said was the right one");
  await again.deregister();

  const nowhere = await new EtcdRegistrar(shop).register("stock.rpc", { address: FIRST });
  assert.match(nowhere.listed ? "" : String((nowhere as { trouble?: Error }).trouble), /readwrite 'stock\.rpc\/'$/);
  await nowhere.deregister();
});
