import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseInstance, resumeInstance } from "../../src/backends/etcd/index.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { until } from "../support/until.js";
import { addresses, Instance, Load } from "./fleet.js";
import { inWords, reasons } from "./in-words.js";
import { etcd, processes, setStage } from "./stage.js";

const RATE = Number(process.env.DEPLOY_RATE ?? 450) / 3;

const skip = etcdSkipReason();
setStage(skip);

/** Resolves once the load has called each of the instances (again). */
async function callsAll(load: Load, instances: readonly Instance[], since = 0): Promise<void> {
  await until(async () => {
    const { answered } = await load.report();
    return instances.every(({ name }) => (answered[name]?.lastStartedAt ?? 0) > since);
  }, "all are called");
}

test("a killed instance fails the calls in flight on it and no other; with retries only those whose answer had begun", {
  skip,
}, async () => {
  const Etcd = { Hosts: [etcd.endpoint], Key: "crash.rpc" };
  const instances = (await addresses(4)).map((address) => new Instance(processes, address, { Etcd }));
  await Promise.all(instances.map((instance) => instance.start()));
  // Slow enough that every instance always has calls in flight.
  const shape = { rate: RATE, handlerMs: 50 };
  const plain = new Load(processes, { client: { rollcall: { Etcd } }, ...shape });
  const retrying = new Load(processes, { client: { rollcall: { Etcd, Retry: {} } }, ...shape });
  await Promise.all([plain, retrying].map((load) => callsAll(load, instances)));

  const [victim, ...others] = instances;
  const killedAt = Date.now();
  victim!.signal("SIGKILL");
  const callsThen = (await plain.report()).total;
  await until(async () => (await plain.report()).total > callsThen + 2 * RATE, "calls go on");
  await Promise.all([plain, retrying].map((load) => callsAll(load, others, killedAt)));
  const [without, withRetries] = await Promise.all([plain.end(), retrying.end()]);
  const lastPick = Math.max(killedAt, ...without.failures.map(({ startedAt }) => startedAt));
  console.log(
    `SIGKILL of one of four: ${inWords(without)}; last call that went to it: ${lastPick - killedAt} ms after`,
  );
  console.log(`SIGKILL of one of four, Retry: {}: ${inWords(withRetries)}`);
  await Promise.all(others.map((instance) => instance.terminate()));

  assert.deepEqual(
    new Set(without.failures.map(({ peer }) => peer)),
    new Set(without.failures.length ? [victim!.address] : []),
  );
  // Once the first has failed the client knows: none that began later may fail.
  const known = Math.min(...without.failures.map(({ endedAt }) => endedAt));
  assert.deepEqual(
    without.failures.filter(({ startedAt }) => startedAt > known),
    [],
  );
  // What has begun to be answered cannot be repeated; every call that can be was saved.
  assert.equal(reasons(withRetries.failures.filter(({ begun }) => !begun)), "");
});

test("a frozen instance is avoided after few timeouts, and used again when it is resumed", { skip }, async () => {
  const own = await addresses(4);
  const instances = own.map((address) => new Instance(processes, address));
  await Promise.all(instances.map((instance) => instance.start()));
  // The registry does not help here: the addresses are fixed.
  const client = { rollcall: { Endpoints: own, Timeout: 2_000 } };
  const load = new Load(processes, { client, rate: RATE, handlerMs: 10, streams: 0, deadlineMs: 0 });
  await callsAll(load, instances);

  const [frozen, ...others] = instances;
  const frozenAt = Date.now();
  frozen!.signal("SIGSTOP");
  await until(async () => (await load.report()).failures.length > 0, "calls time out");
  // Long enough for calls that were sent to it until it was avoided, and for some that would try it again.
  const callsThen = (await load.report()).total;
  await until(async () => (await load.report()).total > callsThen + 8 * RATE, "calls go on", 60_000);
  const { failures, total } = await load.report();
  const resumedAt = Date.now();
  frozen!.signal("SIGCONT");
  await until(async () => (await load.report()).answered[frozen!.name]!.lastStartedAt > resumedAt, "it is used again");
  const backAfter = Date.now() - resumedAt;
  const report = await load.end();
  const lastPick = Math.max(...failures.map(({ startedAt }) => startedAt));
  console.log(
    `SIGSTOP of one of four, Timeout 2000: ${failures.length} of ${total} calls timed out, the last began ` +
      `${lastPick - frozenAt} ms after; used again ${backAfter} ms after SIGCONT; in all ${inWords(report)}`,
  );
  await Promise.all(instances.map((instance) => instance.terminate()));

  assert.deepEqual(
    new Set(failures.map(({ peer, code }) => `${code} ${peer}`)),
    new Set([`DEADLINE_EXCEEDED ${frozen!.address}`]),
  );
  // Without avoiding it a quarter of the calls would fail.
  assert.ok(failures.length < total / 20, `${failures.length} of ${total} calls failed`);
  assert.equal(others.length, 3);
});

test("an instance that says NOT_SERVING gets no call, keeps those in flight, and comes back", { skip }, async () => {
  const own = await addresses(3);
  const instances = own.map((address) => new Instance(processes, address));
  await Promise.all(instances.map((instance) => instance.start()));
  const load = new Load(processes, { client: { rollcall: { Endpoints: own } }, rate: RATE, handlerMs: 20 });
  await callsAll(load, instances);

  const [flipped, ...others] = instances;
  for (let round = 0; round < 3; round++) {
    // Fixed addresses: pausing shows in nothing but the health it tells.
    const atFlip = await flipped!.order("pause");
    const paused = Date.now();
    // What was picked before the news came arrives; then nothing does.
    await callsAll(load, others, paused + 250);
    const settled = await flipped!.order("count");
    const callsThen = (await load.report()).total;
    await until(async () => (await load.report()).total > callsThen + 100, "calls go on");
    assert.equal(await flipped!.order("count"), settled, "no call reaches it");

    await flipped!.order("resume");
    const resumed = Date.now();
    await callsAll(load, [flipped!], resumed);
    console.log(
      `NOT_SERVING: ${settled - atFlip} calls arrived that were under way; back ${Date.now() - resumed} ms after SERVING`,
    );
  }
  const report = await load.end();
  console.log(`NOT_SERVING and back, 3 times: ${inWords(report)}`);
  await Promise.all(instances.map((instance) => instance.terminate()));
  assert.equal(reasons(report.failures), "");
});

test("an instance that an operator pauses gets no call, loses none, and comes back when it is resumed", {
  skip,
}, async () => {
  const Etcd = { Hosts: [etcd.endpoint], Key: "paused.rpc" };
  const settings = { hosts: Etcd.Hosts };
  const instances = (await addresses(3)).map((address) => new Instance(processes, address, { Etcd }));
  await Promise.all(instances.map((instance) => instance.start()));
  const load = new Load(processes, { client: { rollcall: { Etcd } }, rate: RATE, handlerMs: 20 });
  await callsAll(load, instances);

  const [paused, ...others] = instances;
  const limit = () => AbortSignal.timeout(60_000);
  const outcome = await pauseInstance(settings, Etcd.Key, paused!.address, limit());
  assert.deepEqual(outcome, { changed: true, listed: 2 });
  // What was picked before the client had seen it arrives; then nothing does.
  await callsAll(load, others, Date.now() + 250);
  const settled = await paused!.order("count");
  const { total } = await load.report();
  await until(async () => (await load.report()).total > total + 100, "calls go on");
  assert.equal(await paused!.order("count"), settled, "no call reaches it");
  const resumed = Date.now();
  await resumeInstance(settings, Etcd.Key, paused!.address, limit());
  await callsAll(load, [paused!], resumed);
  const report = await load.end();
  console.log(`paused and resumed through etcd: ${inWords(report)}`);
  await Promise.all(instances.map((instance) => instance.terminate()));
  assert.equal(reasons(report.failures), "");
});
