import assert from "node:assert/strict";
import { test } from "node:test";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { until } from "../support/until.js";
import { addresses, Instance, Load } from "./fleet.js";
import type { Held } from "./processes/held.js";
import { etcd, processes, setStage } from "./stage.js";

const RATE = 400;
/** So many that what is compiled meanwhile, about a megabyte, does not matter. */
const CALLS = 6_000;
/** What a call may leave behind on either side, in bytes: compiled code and what is under way. One kept whole is 8,000. */
const MOST_A_CALL = 500;
/** Sockets close some time after their last use: grpc-js looks every ten seconds. */
const SWEEP_MS = 60_000;

const skip = etcdSkipReason();
setStage(skip);

async function fleet(key: string, count: number) {
  const Etcd = { Hosts: [etcd.endpoint], Key: key };
  const config = { Etcd, Shutdown: { WrapUpTime: 50 } };
  const instances = (await addresses(count)).map((address) => new Instance(processes, address, config));
  await Promise.all(instances.map((instance) => instance.start()));
  return { instances, startLoad: () => new Load(processes, { client: { rollcall: { Etcd } }, rate: RATE }) };
}

async function calls(load: Load, count: number): Promise<void> {
  const { total } = await load.report();
  await until(async () => (await load.report()).total >= total + count, `${count} calls are made`, 120_000);
}

test("of calls that are over neither side keeps anything", { skip }, async () => {
  const { instances, startLoad } = await fleet("calls.memory.rpc", 1);
  const [instance] = instances;
  const load = startLoad();
  const look = async () => ({ client: await load.held(), server: await instance!.held() });
  await calls(load, CALLS / 2);
  const first = await look();
  await calls(load, CALLS);
  const second = await look();
  const { failures } = await load.end();
  await instance!.terminate();
  assert.equal(failures.length, 0);
  for (const side of ["client", "server"] as const) {
    const each = (second[side].heapBytes - first[side].heapBytes) / CALLS;
    console.log(`${side}: ${each.toFixed(0)} bytes of heap a call`);
    assert.ok(each < MOST_A_CALL, `the ${side} keeps ${each} bytes of each call`);
  }
});

test("of connections that are over neither side keeps anything: restarted instances, killed clients", {
  skip,
}, async () => {
  const { instances, startLoad } = await fleet("connections.memory.rpc", 2);
  const [restarted, lasting] = instances;
  const load = startLoad();
  await calls(load, 1_000);
  const before = { client: await load.held(), server: await lasting!.held() };

  for (let round = 0; round < 6; round++) {
    await restarted!.terminate();
    await restarted!.start();
    const passing = startLoad();
    await calls(passing, 50);
    await passing.kill();
  }
  const holdsAsBefore = (now: Held, then: Held) => now.sockets <= then.sockets;
  await until(async () => holdsAsBefore(await load.held(), before.client), "the client's sockets close", SWEEP_MS);
  await until(async () => holdsAsBefore(await lasting!.held(), before.server), "the server's sockets close", SWEEP_MS);
  const { failures } = await load.end();
  await Promise.all(instances.map((instance) => instance.terminate()));
  assert.equal(failures.length, 0);
});
