import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { EtcdDiscovery, listRegistrations } from "../../src/backends/etcd/index.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { Follower } from "./follower.js";

const skip = etcdSkipReason();
const PROGRAM = new URL("./registering-program.ts", import.meta.url).pathname;
const ADDRESS = "10.0.0.1:80";
let etcd: Etcd;
before(async () => {
  if (!skip) etcd = await startEtcd();
});
after(async () => etcd?.stop());

/** A process that registers an instance; it does not outlive the test. */
class Registering implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly #lines: string[] = [];
  #wake = () => {};

  constructor(service: string, ttlSeconds: number) {
    const args = [...TYPESCRIPT, PROGRAM, etcd.endpoint, service, ADDRESS, String(ttlSeconds)];
    this.child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.exited = once(this.child, "exit");
    createInterface(this.child.stdout!).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  say(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** Resolves when the process has printed the line, counting from the last one awaited. */
  async heard(line: string): Promise<void> {
    while (!this.#lines.includes(line)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#lines.splice(0, this.#lines.indexOf(line) + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }
}

const follow = (service: string) => new Follower(new EtcdDiscovery({ hosts: [etcd.endpoint] }), service);

test("a process that only keeps a registration lives; after deregistering it ends by itself, status 0", {
  skip,
}, async () => {
  await using server = new Registering("end.rpc", 10);
  await using follower = follow("end.rpc");
  await server.heard("registered");
  await follower.untilAddresses(ADDRESS);
  server.say("end");
  await server.heard("deregistered");
  assert.deepEqual((await listRegistrations({ hosts: [etcd.endpoint] }, { prefix: "end.rpc/" })).registrations, []);
  assert.deepEqual(await server.exited, [0, null]);
});

test("a killed process is listed for its TTL at most", { skip }, async () => {
  await using server = new Registering("kill.rpc", 2);
  await using follower = follow("kill.rpc");
  await follower.untilAddresses(ADDRESS);
  server.child.kill("SIGKILL");
  const since = performance.now();
  await follower.untilAddresses();
  console.log(`gone ${((performance.now() - since) / 1_000).toFixed(1)} s after SIGKILL with a TTL of 2 s`);
});

test("a frozen process is taken out and comes back by itself, listed once", { skip }, async () => {
  await using server = new Registering("frozen.rpc", 2);
  await using follower = follow("frozen.rpc");
  await follower.untilAddresses(ADDRESS);
  server.child.kill("SIGSTOP");
  await follower.untilAddresses();
  server.child.kill("SIGCONT");
  const since = performance.now();
  await follower.untilAddresses(ADDRESS);
  console.log(`back ${((performance.now() - since) / 1_000).toFixed(1)} s after SIGCONT`);
  const { registrations } = await listRegistrations({ hosts: [etcd.endpoint] }, { prefix: "frozen.rpc/" });
  assert.equal(registrations.length, 1);
});

test("an event loop that stalls past the TTL loses the registration and restores it", { skip }, async () => {
  await using server = new Registering("stall.rpc", 2);
  await using follower = follow("stall.rpc");
  await follower.untilAddresses(ADDRESS);
  server.say("stall 6000");
  await follower.untilAddresses();
  await follower.untilAddresses(ADDRESS);
  const { registrations } = await listRegistrations({ hosts: [etcd.endpoint] }, { prefix: "stall.rpc/" });
  assert.equal(registrations.length, 1);
});
