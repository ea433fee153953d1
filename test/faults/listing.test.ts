/** What etcd lists is not what it should be, while etcd itself is well. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { credentials } from "@grpc/grpc-js";
import { EtcdDiscovery } from "../../src/backends/etcd/index.js";
import { PutRequest } from "../../src/proto/etcd.js";
import { KVClient } from "../../src/proto/etcd-services.js";
import { TcpProxy } from "../etcd/tcp-proxy.js";
import { startBareEcho } from "../support/echo.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { until } from "../support/until.js";
import { Watched } from "../support/watched.js";
import { CallsUnderFire, Fleet, listsOnce, loggedWarnings, stopwatch, values } from "./under-fire.js";

const skip = etcdSkipReason();
const TTL_SECONDS = 3;
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(() => etcd?.stop());

const at = (key: string) => ({ hosts: [etcd.endpoint], key });

describe("one etcd that is well", { skip, concurrency: 2 }, () => {
  const warnings = loggedWarnings();

  test("6: an operator revokes a lease or deletes a key: the instance is listed again, once", async () => {
    const listed = at("operated.rpc");
    await using fleet = await Fleet.start(2, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire(listed);
    await calls.settledOn(fleet.instances);
    const harms = {
      revoked: (key: string) =>
        etcdctl(etcd.endpoint, "lease", "revoke", BigInt(key.slice(key.lastIndexOf("/") + 1)).toString(16)),
      deleted: (key: string) => etcdctl(etcd.endpoint, "del", key),
    };
    const took: string[] = [];
    let longest = 0;
    for (const [harm, harmBy] of Object.entries(harms)) {
      const [key] = (await etcdctl(etcd.endpoint, "get", "--prefix", `${listed.key}/`, "--keys-only")).split("\n");
      await harmBy(key!);
      const since = stopwatch();
      await listsOnce(etcd.endpoint, listed.key, fleet.addresses);
      took.push(`${harm} ${(since() / 1_000).toFixed(2)} s`);
      longest = Math.max(longest, since());
      await calls.settledOn(fleet.instances);
    }
    await calls.lostNothing(`6 by an operator (${took.join(", ")})`, longest);
  });

  test("7: a frozen server is taken out past its TTL and is back by itself once resumed", async () => {
    const listed = at("frozen.rpc");
    await using fleet = await Fleet.start(3, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire(listed, 5_000);
    await calls.settledOn(fleet.instances);
    const [frozen, ...running] = fleet.instances;
    frozen!.process.kill("SIGSTOP");
    await listsOnce(
      etcd.endpoint,
      listed.key,
      running.map(({ address }) => address),
    );
    await calls.settledOn(running);
    const failed = calls.traffic.failures.length;
    frozen!.process.kill("SIGCONT");
    const since = stopwatch();
    await calls.reaches(frozen!.address);
    const converged = since();
    await calls.settledOn(fleet.instances);
    await listsOnce(etcd.endpoint, listed.key, fleet.addresses);
    await calls.end(`7 frozen past its TTL of ${TTL_SECONDS} s, resumed`, converged);
    assert.equal(calls.traffic.failures.length, failed, "no call fails after it is taken out");
    assert.ok(failed < calls.traffic.calls / 5, `only calls that were sent to it while it froze fail: ${failed}`);
  });

  /** Different TTLs of a fleet, so that leases that are no longer renewed run out at moments well apart. */
  const TTLS = [2, 4, 6];
  const losses = {
    "leases run out one after the other": async (key: string) => {
      const seen = new Watched(new EtcdDiscovery({ hosts: [etcd.endpoint] }), key);
      await seen.shows(); // nobody
      await seen.end();
      const sizes = seen.sets.map((set) => set.split(" ").filter(Boolean).length);
      assert.deepEqual(sizes, [3, 2, 1, 0], "fewer and fewer were listed");
    },
    "an operator deletes all keys": (key: string) => etcdctl(etcd.endpoint, "del", "--prefix", `${key}/`),
  };
  for (const [n, [loss, lose]] of Object.entries(losses).entries()) {
    test(`11: ${loss} while the instances live: calls go on, one loud line, the dead are dropped`, async () => {
      const listed = at(`vanished-${n}.rpc`);
      await using proxy = await TcpProxy.start(etcd.endpoint);
      await using fleet = await Fleet.withTtls(TTLS, { ...listed, hosts: [proxy.endpoint] });
      await using calls = new CallsUnderFire(listed);
      await calls.settledOn(fleet.instances);
      proxy.refuse(); // the servers' way to etcd; the client's is open
      await lose(listed.key);
      const loud = () =>
        warnings.filter((line) => line.includes(listed.key) && /suddenly lists no instance/.test(line));
      await until(() => loud().length > 0, "the emptiness is said", 60_000);
      assert.deepEqual(await values(etcd.endpoint, listed.key), []);
      await calls.settledOn(fleet.instances);
      // One that really stops closes its connection.
      const [stopping, ...living] = fleet.instances;
      await stopping!.end("SIGTERM");
      await calls.settledOn(living);
      await using registered = await Fleet.start(1, listed, TTL_SECONDS);
      const since = stopwatch();
      await calls.settledOn(registered.instances);
      const converged = since();
      assert.equal(loud().length, 1, "one loud line");
      proxy.forward();
      await calls.settledOn([...living, ...registered.instances]);
      await calls.lostNothing(`11 ${loss}, then a new instance takes over`, converged);
    });
  }

  test("13: odd values: instances among them are called, the others are named once", async () => {
    const listed = at("odd.rpc");
    const kv = new KVClient(etcd.endpoint, credentials.createInsecure());
    const put = (id: string, value: string | Buffer) =>
      new Promise((resolve, reject) => {
        const request = { key: Buffer.from(`${listed.key}/${id}`), value: Buffer.from(value) };
        kv.put(PutRequest.fromPartial(request), (error, reply) => (error ? reject(error) : resolve(reply)));
      });
    const servers = await Promise.all([startBareEcho(), startBareEcho(), startBareEcho()]);
    const [plain, named, naming] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];
    const bad = {
      empty: "",
      nonsense: "-----",
      listening: "0.0.0.0:80",
      huge: "x".repeat(1 << 20),
      binary: Buffer.from([0xff, 0xfe, 0]),
    };
    await put("1-plain", plain.address);
    await using calls = new CallsUnderFire(listed);
    await calls.settledOn([plain]);
    const since = stopwatch();
    for (const [id, value] of Object.entries(bad)) await put(id, value);
    await put("2-again", plain.address);
    await put("3-named", named.address.replace("127.0.0.1", "localhost"));
    await put("4-naming", JSON.stringify({ Op: 0, Addr: naming.address, Metadata: {} }));
    for (const [id, value] of Object.entries(bad)) await put(id, value);
    await calls.settledOn(servers);
    const converged = since();
    for (const id of Object.keys(bad)) {
      const lines = warnings.filter((line) => line.includes(`${listed.key}/${id}"`));
      assert.equal(lines.length, 1, `${id} is named once: ${lines}`);
      assert.ok(lines[0]!.length < 500, `${id} does not flood the log`);
    }
    await calls.lostNothing("13 odd values under the prefix", converged);
    kv.close();
    for (const { stop } of servers) stop();
  });
});
