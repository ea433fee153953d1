import assert from "node:assert/strict";
import { test } from "node:test";
import { dnsServerSkipReason, startDnsServer } from "../support/real-parts/dns-server.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { until } from "../support/until.js";
import { addresses, delayed, Instance, Load } from "./fleet.js";
import { inWords, reasons } from "./in-words.js";
import { etcd, processes, setStage } from "./stage.js";

/** How much: calls of Rollcall's clients a second and in all, for each of the two networks. */
const RATE = Number(process.env.DEPLOY_RATE ?? 450);
const CALLS = Number(process.env.DEPLOY_CALLS ?? 5_000);

const skip = etcdSkipReason() || dnsServerSkipReason();
setStage(skip);

for (const network of ["on loopback", "with 5 to 20 ms of delay each way"] as const) {
  test(`restarting ten instances in turn loses no call ${network}`, { skip }, async () => {
    const own = await addresses(10);
    const reached = network === "on loopback" ? own : await delayed(processes, own);
    const port = Number(reached[0]!.split(":")[1]);
    const key = `rolling.${reached[0]}`;
    const hosts = reached.map((address) => address.split(":")[0]!);
    const dns = await startDnsServer({ "order.test": hosts });
    const instances = own.map(
      (address, i) =>
        new Instance(processes, address, {
          Advertise: reached[i]!,
          Etcd: { Hosts: [etcd.endpoint], Key: key },
        }),
    );
    await Promise.all(instances.map((instance) => instance.start()));

    const rate = RATE / 3;
    // So that there always are calls in flight.
    const handlerMs = 10;
    const loads = {
      etcd: new Load(processes, {
        client: { rollcall: { Etcd: { Hosts: [etcd.endpoint], Key: key } } },
        rate,
        handlerMs,
      }),
      static: new Load(processes, { client: { rollcall: { Endpoints: reached } }, rate, handlerMs }),
      dns: new Load(processes, {
        client: { rollcall: { Target: `dns://${dns.address}/order.test:${port}` } },
        rate,
        handlerMs,
      }),
    };
    // For comparison, beside the others: it takes processor time that they need.
    const roundRobin = new Load(processes, { client: { roundRobin: reached }, rate: rate / 4, handlerMs });
    const everybody = [...Object.values(loads), roundRobin];
    for (const load of everybody) await until(async () => (await load.report()).total > 20, "calls are made");

    let restarts = 0;
    const made = async () => {
      const reports = await Promise.all(Object.values(loads).map((load) => load.report()));
      return reports.reduce((sum, { total }) => sum + total, 0);
    };
    do {
      for (const [i, instance] of instances.entries()) {
        // As Kubernetes does: told to stop and taken out of DNS at the same time.
        const [status] = await Promise.all([
          instance.terminate(),
          dns.set({ "order.test": hosts.filter((_, at) => at !== i) }),
        ]);
        assert.equal(status, 0);
        await instance.start();
        await dns.set({ "order.test": hosts });
        restarts += 1;
      }
    } while ((await made()) < CALLS);

    const reports = Object.entries(loads).map(async ([name, load]) => [name, await load.end()] as const);
    const ended = await Promise.all(reports);
    const compared = await roundRobin.end();
    console.log(`rolling restart ${network}, ${restarts} restarts:`);
    for (const [name, report] of ended) console.log(`  rollcall, ${name}: ${inWords(report)}`);
    console.log(`  grpc-js round_robin, static: ${inWords(compared)}`);
    await Promise.all(instances.map((instance) => instance.terminate()));
    await dns.stop();

    for (const [name, { failures, calls, total }] of ended) {
      assert.equal(reasons(failures), "", `through ${name}`);
      assert.ok(
        total > restarts * 10 && Object.values(calls).every((count) => count > restarts),
        `${name}: a real load`,
      );
    }
    // Each instance had work to lose.
    const called = new Set(ended.flatMap(([, { answered }]) => Object.keys(answered)));
    assert.deepEqual([...called].sort(), [...own].sort());
  });
}

test("scaling from 1 to 20 instances and back to 1 loses no call", { skip }, async () => {
  const Etcd = { Hosts: [etcd.endpoint], Key: "scale.rpc" };
  const [first, ...others] = (await addresses(20)).map((address) => new Instance(processes, address, { Etcd }));
  await first!.start();
  const load = new Load(processes, { client: { rollcall: { Etcd } }, rate: RATE });
  await until(async () => (await load.report()).total > 0, "calls are made");
  const began = performance.now();
  // A few at a time: starting nineteen processes at once would starve the calls of processor time.
  for (let at = 0; at < others.length; at += 3) {
    await Promise.all(others.slice(at, at + 3).map((instance) => instance.start()));
  }
  await until(async () => Object.keys((await load.report()).answered).length === 20, "all twenty are called");
  const up = performance.now();
  const statuses = await Promise.all(others.map((instance) => instance.terminate()));
  const down = performance.now();
  const before = (await load.report()).answered[first!.name]!.calls;
  await until(async () => (await load.report()).answered[first!.name]!.calls > before + 100, "one carries all");
  const report = await load.end();
  console.log(
    `scale 1 -> 20 -> 1: ${inWords(report)}; up in ${seconds(up - began)}, down in ${seconds(down - up)} (drain included)`,
  );
  await first!.terminate();
  assert.equal(reasons(report.failures), "");
  assert.deepEqual(new Set(statuses), new Set([0]));
});

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
