/** The only etcd is killed, wiped, or not there to begin with. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { CallsUnderFire, disposable, Fleet, faultMs, listsOnce, loggedWarnings, stopwatch } from "./under-fire.js";

const skip = etcdSkipReason();
const TTL_SECONDS = 3;

describe("one etcd", { skip, concurrency: 3 }, () => {
  test("1: killed and, past the TTL, restarted with its data: no call fails, each instance is listed once", async () => {
    await using etcd = await disposable(startEtcd());
    const listed = { hosts: [etcd.endpoint], key: "killed.rpc" };
    await using fleet = await Fleet.start(3, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire(listed);
    await calls.settledOn(fleet.instances);
    const downMs = faultMs(12);
    await etcd.kill();
    await pause(downMs);
    await etcd.restart();
    const since = stopwatch();
    // A server that joins shows that the client follows etcd again, and does not only live on what it knew.
    await using joined = await Fleet.start(1, listed, TTL_SECONDS);
    await calls.reaches(joined.addresses[0]!);
    const all = [...fleet.instances, ...joined.instances];
    await listsOnce(
      etcd.endpoint,
      listed.key,
      all.map(({ address }) => address),
    );
    const converged = since();
    await calls.settledOn(all);
    await calls.lostNothing(
      `1 etcd down for ${downMs / 1_000} s, back with its data (TTL ${TTL_SECONDS} s)`,
      converged,
    );
  });

  test("2: restarted empty: no call fails, all are registered again, the client follows the new cluster", async () => {
    await using etcd = await disposable(startEtcd());
    const listed = { hosts: [etcd.endpoint], key: "wiped.rpc" };
    await using fleet = await Fleet.start(3, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire(listed);
    await calls.settledOn(fleet.instances);
    await etcd.restart({ wipe: true });
    const since = stopwatch();
    await listsOnce(etcd.endpoint, listed.key, fleet.addresses);
    const converged = since();
    const [leaving, ...staying] = fleet.instances;
    assert.equal(await leaving!.end("SIGTERM"), 0);
    await calls.settledOn(staying);
    await calls.lostNothing(`2 etcd restarted empty (TTL ${TTL_SECONDS} s)`, converged);
  });

  test("12: not there when client and server start: calls wait, the server serves, both find each other", async () => {
    await using etcd = await disposable(startEtcd());
    await etcd.kill();
    const listed = { hosts: [etcd.endpoint], key: "early.rpc" };
    const warnings = loggedWarnings();
    await using calls = new CallsUnderFire(listed, 120_000);
    await using fleet = await Fleet.start(2, listed, TTL_SECONDS);
    assert.equal(calls.traffic.calls, 0, "no call has ended yet");
    const downMs = faultMs(6);
    await pause(downMs);
    await etcd.restart();
    const since = stopwatch();
    await calls.settledOn(fleet.instances);
    const converged = since();
    await listsOnce(etcd.endpoint, listed.key, fleet.addresses);
    await calls.lostNothing(`12 no etcd for the first ${downMs / 1_000} s`, converged);
    const tried = warnings.filter((line) => line.includes(etcd.endpoint));
    assert.ok(tried.length >= 1 && tried.length <= 3, `what is tried is said, and not over and over: ${tried}`);
    assert.match(tried[0]!, /ECONNREFUSED/);
  });
});
