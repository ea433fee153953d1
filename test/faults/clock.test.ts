/** The system clock jumps, as when somebody sets it or a virtual machine is resumed. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { clockSkipReason, JumpingClock } from "../support/clock.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { type Outcome, Traffic } from "../support/traffic.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { disposable, Fleet, faultMs, type Listed, listsOnce, report, stopwatch } from "./under-fire.js";

const skip = etcdSkipReason() || clockSkipReason();
const TTL_SECONDS = 3;
const PROGRAM = new URL("./calling-program.ts", import.meta.url);

/** A client in a process of its own, whose clock is not this one's. */
class DistantCalls implements AsyncDisposable {
  readonly traffic = new Traffic();
  /** What its clock said at its last call, in milliseconds since 1970. */
  clock = 0;
  readonly #program;
  readonly #exited;

  constructor({ hosts, key }: Listed, env: NodeJS.ProcessEnv) {
    this.#program = fork(PROGRAM, [...hosts, key], { execArgv: [...TYPESCRIPT], env: { ...process.env, ...env } });
    this.#exited = once(this.#program, "exit");
    this.#program.on("message", ({ clock, ...outcome }: Outcome & { clock: number }) => {
      this.clock = clock;
      this.traffic.record(outcome);
    });
  }

  jump(hours: number): void {
    this.#program.send(hours);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill("SIGKILL");
    await this.#exited;
  }
}

const keysOf = ({ hosts, key }: Listed) => etcdctl(hosts[0]!, "get", "--prefix", `${key}/`, "--keys-only");

test("14: the system clock jumps, forwards and backwards: registrations stay, the set is exact, no call fails", {
  skip,
}, async () => {
  await using etcd = await disposable(startEtcd());
  const listed = { hosts: [etcd.endpoint], key: "jumping.rpc" };
  using serversClock = new JumpingClock();
  using clientsClock = new JumpingClock();
  await using fleet = await Fleet.start(3, listed, TTL_SECONDS, serversClock.env);
  await using calls = new DistantCalls(listed, clientsClock.env);
  const settledOn = (instances: readonly { address: string }[]) =>
    calls.traffic.settleOn(...instances.map(({ address }) => address));
  await settledOn(fleet.instances);
  const keys = await keysOf(listed);
  // Each way past several keepalives and more than a TTL.
  for (const hours of [3, -4]) {
    serversClock.jump(hours);
    calls.jump(hours);
    await pause(faultMs(2 * TTL_SECONDS));
    assert.equal(Math.round((calls.clock - Date.now()) / 3_600_000), hours, "the clock has really jumped");
    assert.equal(await keysOf(listed), keys, "the registrations are those of before");
    await settledOn(fleet.instances);
  }
  const since = stopwatch();
  await using joined = await Fleet.start(1, listed, TTL_SECONDS);
  const [leaving, ...staying] = fleet.instances;
  assert.equal(await leaving!.end("SIGTERM"), 0);
  const left = [...staying, ...joined.instances];
  await settledOn(left);
  const converged = since();
  await listsOnce(
    etcd.endpoint,
    listed.key,
    left.map(({ address }) => address),
  );
  report("14 the clocks of client and servers jump 3 h forwards, then 7 h back", calls.traffic, converged);
  assert.deepEqual(calls.traffic.failures, []);
});
