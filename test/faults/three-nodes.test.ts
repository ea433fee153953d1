/** Members of a cluster of three are killed. */
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createServer } from "../../src/index.js";
import { EchoService, echoHandlers } from "../support/echo.js";
import { etcdSkipReason, startEtcdCluster } from "../support/real-parts/etcd.js";
import { CallsUnderFire, disposable, Fleet, faultMs, type Listed, listsOnce, stopwatch } from "./under-fire.js";

const skip = etcdSkipReason();
const TTL_SECONDS = 5;

/** A server of this process: one in a process of its own would start too late to join during an election. */
async function join({ hosts, key }: Listed) {
  const Etcd = { Hosts: [...hosts], Key: key, TTL: TTL_SECONDS * 1_000 };
  const config = { Name: key, ListenOn: "127.0.0.1:0", Etcd, Shutdown: { WrapUpTime: 0, WaitTime: 1_000 } };
  const server = createServer(
    config,
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
    { signals: false },
  );
  await server.start();
  const address = server.address!;
  return { address, [Symbol.asyncDispose]: () => server.stop() };
}

describe("three etcds", { skip, concurrency: 2 }, () => {
  test("3: the leader is killed: no call fails, a join during the election is seen", async () => {
    await using cluster = await disposable(startEtcdCluster(3));
    const listed = { hosts: cluster.endpoints, key: "leader.rpc" };
    await using fleet = await Fleet.start(2, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire(listed);
    await calls.settledOn(fleet.instances);
    const leader = await cluster.leader();
    await leader.kill();
    const since = stopwatch();
    await using joined = await join(listed);
    await calls.reaches(joined.address);
    const converged = since();
    const survivor = cluster.members.find(({ running }) => running)!;
    await listsOnce(survivor.endpoint, listed.key, [...fleet.addresses, joined.address]);
    await calls.settledOn([...fleet.instances, joined]);
    await calls.lostNothing("3 leader of three killed, a join during the election is called", converged);
  });

  test("4: quorum is lost: no call fails, joins made meanwhile appear once it is back", async () => {
    await using cluster = await disposable(startEtcdCluster(3));
    const listed = { hosts: cluster.endpoints, key: "quorum.rpc" };
    await using fleet = await Fleet.start(2, listed, TTL_SECONDS);
    await using calls = new CallsUnderFire(listed);
    await calls.settledOn(fleet.instances);
    const [left, ...lost] = cluster.members;
    const lostMs = faultMs(10);
    await Promise.all(lost.map((member) => member.kill()));
    const over = pause(lostMs);
    await using joined = await join(listed);
    await over;
    await Promise.all(lost.map((member) => member.restart()));
    const since = stopwatch();
    await calls.settledOn([...fleet.instances, joined]);
    await listsOnce(left!.endpoint, listed.key, [...fleet.addresses, joined.address]);
    await calls.lostNothing(`4 quorum lost for ${lostMs / 1_000} s (TTL ${TTL_SECONDS} s)`, since());
  });
});
