import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  EtcdDiscovery,
  EtcdRegistrar,
  listRegistrations,
  pauseInstance,
  resumeInstance,
} from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { runCli } from "../support/programs/cli.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { Follower } from "./follower.js";

const skip = etcdSkipReason();
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(async () => etcd?.stop());

const [FIRST, SECOND] = ["10.0.0.1:8080", "10.0.0.2:8080"] as const;
const limit = () => AbortSignal.timeout(60_000);
const all = (set: readonly { address: string }[]) => set.map(({ address }) => address).sort();

/** Two instances under leases of their own, as of two processes. */
async function twoInstances(endpoint: string, service: string) {
  const settings = { hosts: [endpoint] };
  const first = await new EtcdRegistrar(settings).register(service, { address: FIRST, weight: 2, zone: "a" });
  const second = await new EtcdRegistrar({ ...settings, ttlSeconds: 11 }).register(service, { address: SECOND });
  const stop = () => Promise.all([first.deregister(), second.deregister()]);
  return { settings, first, second, stop };
}

for (const kind of ["etcd", "dev registry"] as const) {
  test(`${kind}: a paused instance is listed no more and resumed as it was, however often it is asked`, {
    skip: kind === "etcd" && skip,
  }, async () => {
    const dev = kind === "dev registry" ? await startDevRegistry() : undefined;
    const { settings, first, stop } = await twoInstances(dev?.endpoint ?? etcd.endpoint, "paused.rpc");
    await using follower = new Follower(new EtcdDiscovery(settings), "paused.rpc");
    await follower.until((set) => set.length === 2);
    const told: string[] = [];
    first.on("lost", ({ message }) => told.push(message));
    first.on("restored", () => told.push("restored"));

    assert.deepEqual(await pauseInstance(settings, "paused.rpc", FIRST, limit()), { changed: true, listed: 1 });
    assert.deepEqual(all(await follower.until((set) => set.length === 1)), [SECOND]);
    assert.equal(first.listed, false);
    assert.deepEqual(await pauseInstance(settings, "paused.rpc", FIRST, limit()), { changed: false, listed: 1 });
    const { registrations } = await listRegistrations(settings, { prefix: "paused.rpc/" });
    assert.deepEqual(registrations.map(({ instance, paused }) => [instance?.address, paused]).sort(), [
      [FIRST, true],
      [SECOND, undefined],
    ]);

    assert.deepEqual(await resumeInstance(settings, "paused.rpc", FIRST, limit()), { changed: true, listed: 2 });
    const back = await follower.until((set) => set.length === 2);
    assert.deepEqual(
      back.find(({ address }) => address === FIRST),
      { address: FIRST, weight: 2, zone: "a" },
    );
    assert.deepEqual(told, ["an operator paused it", "restored"]);
    assert.deepEqual(await resumeInstance(settings, "paused.rpc", FIRST, limit()), { changed: false, listed: 2 });
    await stop();
    await dev?.close();
  });
}

test("a pause is the instance's own: who stops or starts anew while it is paused leaves nothing behind", {
  skip,
}, async () => {
  const { settings, first, stop } = await twoInstances(etcd.endpoint, "gone.rpc");
  // Another registration of the same process, so that stopping one does not end the lease.
  const other = await new EtcdRegistrar(settings).register("gone.other.rpc", { address: FIRST });
  await pauseInstance(settings, "gone.rpc", FIRST, limit());
  await first.deregister();
  assert.equal((await listRegistrations(settings, { prefix: "gone.rpc" })).registrations.length, 1);
  const again = await new EtcdRegistrar(settings).register("gone.rpc", { address: FIRST });
  assert.equal(again.listed, true);
  await Promise.all([stop(), again.deregister(), other.deregister()]);
  assert.equal(await etcdctl(etcd.endpoint, "get", "--prefix", "gone."), "");
});

test("a pause ends with the lease that it hung on: a new one lists the instance again", { skip }, async () => {
  const { settings, stop } = await twoInstances(etcd.endpoint, "lease.rpc");
  await pauseInstance(settings, "lease.rpc", FIRST, limit());
  const { registrations } = await listRegistrations(settings, { prefix: "lease.rpc/" });
  const { lease } = registrations.find(({ paused }) => paused)!;
  await etcdctl(etcd.endpoint, "lease", "revoke", lease!.toString(16));
  await using follower = new Follower(new EtcdDiscovery(settings), "lease.rpc");
  assert.deepEqual(all(await follower.until((set) => set.length === 2)), [FIRST, SECOND]);
  await stop();
});

test("one that does not know of pauses (a Go server, say) is not paused, and the command says so", {
  skip,
}, async (t) => {
  const granted = await etcdctl(etcd.endpoint, "lease", "grant", "600");
  const [, lease] = /lease (\w+) granted/.exec(granted)!;
  await etcdctl(etcd.endpoint, "put", `--lease=${lease}`, "deaf.rpc/1", FIRST);
  const { code, stderr } = await runCli(t, ["pause", "deaf.rpc", FIRST, "--etcd", etcd.endpoint]);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    `rollcall: ${FIRST} did not leave the listing, so it was not paused: is it a server of this Rollcall?\n`,
  );
  assert.equal(await etcdctl(etcd.endpoint, "get", "--prefix", "deaf.rpc", "--keys-only"), "deaf.rpc/1\n\n");
});

test("rollcall pause and resume say what they did, and whom they know when asked for another", { skip }, async (t) => {
  const { stop } = await twoInstances(etcd.endpoint, "cli.rpc");
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(t, [...args, "--etcd", etcd.endpoint]);
    return [code, stdout + stderr];
  };
  assert.deepEqual(await run("pause", "cli.rpc", FIRST), [0, `${FIRST} is paused: 1 instance of cli.rpc listed\n`]);
  assert.deepEqual(await run("pause", "cli.rpc", FIRST), [
    0,
    `${FIRST} was paused already: 1 instance of cli.rpc listed\n`,
  ]);
  const [, listed] = await run("ls", "cli.rpc/");
  assert.match(String(listed), /10\.0\.0\.1:8080 .* paused /);
  assert.deepEqual(await run("resume", "cli.rpc", FIRST), [
    0,
    `${FIRST} is listed again: 2 instances of cli.rpc listed\n`,
  ]);
  assert.deepEqual(await run("pause", "cli.rpc", "10.9.9.9:1"), [
    1,
    `rollcall: no instance 10.9.9.9:1 of "cli.rpc" is registered; there are ${FIRST}, ${SECOND}\n`,
  ]);
  assert.deepEqual(await run("pause", "cli.rpc", SECOND), [0, `${SECOND} is paused: 1 instance of cli.rpc listed\n`]);
  const [code, last] = await run("pause", "cli.rpc", FIRST);
  assert.equal(code, 0);
  assert.match(String(last), /0 instances of cli\.rpc listed\nwarning: no instance of cli\.rpc is listed now/);
  await stop();
});
