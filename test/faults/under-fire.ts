import assert from "node:assert/strict";
import { createClient, setLogger } from "../../src/index.js";
import { EchoClient, say } from "../support/echo.js";
import { type InstanceProcess, startInstance } from "../support/programs/instance-process.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { Traffic } from "../support/traffic.js";
import { until } from "../support/until.js";

/** Another call begins this often, in milliseconds, whether or not those before have ended. */
const CALL_EVERY_MS = 5;

/** How long a fault lasts, in seconds: `FAULT_SECONDS`, or a default that suits continuous integration. */
export function faultMs(usualSeconds: number): number {
  return Number(process.env.FAULT_SECONDS ?? usualSeconds) * 1_000;
}

/** Where a service is listed. */
export interface Listed {
  readonly hosts: readonly string[];
  readonly key: string;
}

/** Calls that go on without pause while something is done to the registry. */
export class CallsUnderFire implements AsyncDisposable {
  readonly traffic = new Traffic();
  readonly #client: EchoClient;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  /** @param timeoutMs deadline of each call; long, so that a busy machine is not taken for a lost call. */
  constructor({ hosts, key }: Listed, timeoutMs = 60_000) {
    this.#client = createClient(EchoClient, { Etcd: { Hosts: [...hosts], Key: key }, Timeout: timeoutMs });
    this.#timer = setInterval(() => this.#call(), CALL_EVERY_MS);
  }

  /** Resolves when these instances answer, and nobody else. */
  settledOn(instances: readonly { address: string }[]): Promise<void> {
    return this.traffic.settleOn(...instances.map(({ address }) => address));
  }

  /** Resolves when this instance has answered a call. */
  async reaches(address: string): Promise<void> {
    while ((await this.traffic.next()).instance !== address);
  }

  /** Ends the calls, prints the line of the fault and asserts that no call has failed. */
  async lostNothing(fault: string, convergedMs: number): Promise<void> {
    await this.end(fault, convergedMs);
    assert.deepEqual(this.traffic.failures, []);
    assert.ok(this.traffic.calls > 0);
  }

  /** Ends the calls and prints the line of the fault. */
  async end(fault: string, convergedMs: number): Promise<void> {
    await this.#stop();
    report(fault, this.traffic, convergedMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    this.#client.close();
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #call(): void {
    const call = say(this.#client)
      .then(
        ({ instance }) => this.traffic.record({ instance, code: "OK" }),
        ({ code, details }) => this.traffic.record({ code: String(code), error: details }),
      )
      .finally(() => this.#running.delete(call));
    this.#running.add(call);
  }
}

/** Prints the line of a fault. */
export function report(fault: string, { calls, failures }: Traffic, convergedMs: number): void {
  const converged = (convergedMs / 1_000).toFixed(1);
  console.log(`${fault}: ${calls} calls, ${failures.length} failed, converged after ${converged} s`);
}

/** Servers in processes of their own, as in production. */
export class Fleet implements AsyncDisposable {
  readonly instances: readonly InstanceProcess[];

  private constructor(instances: readonly InstanceProcess[]) {
    this.instances = instances;
  }

  static start(size: number, listed: Listed, ttlSeconds: number, env?: NodeJS.ProcessEnv): Promise<Fleet> {
    return Fleet.withTtls(Array<number>(size).fill(ttlSeconds), listed, env);
  }

  /** One server for each TTL, in seconds. */
  static async withTtls(ttls: readonly number[], listed: Listed, env?: NodeJS.ProcessEnv): Promise<Fleet> {
    return new Fleet(await Promise.all(ttls.map((ttlSeconds) => startInstance(serverYaml(listed, ttlSeconds), env))));
  }

  get addresses(): string[] {
    return this.instances.map(({ address }) => address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.instances.map(({ process: { exitCode, signalCode }, end }) => exitCode ?? signalCode ?? end("SIGKILL")),
    );
  }
}

function serverYaml({ hosts, key }: Listed, ttlSeconds: number): string {
  return `Name: ${key}
ListenOn: 127.0.0.1:0
Timeout: 0
CpuThreshold: 0
Etcd:
  Hosts: [${hosts.join(", ")}]
  Key: ${key}
  TTL: ${ttlSeconds}s
`;
}

/** What etcd lists, as its own tool says it: one value a line. */
export async function values(endpoint: string, key: string): Promise<string[]> {
  const lines = await etcdctl(endpoint, "get", "--prefix", `${key}/`, "--print-value-only");
  return lines.split("\n").filter(Boolean).sort();
}

/** Resolves when etcd lists each of these once, and nothing else. */
export async function listsOnce(endpoint: string, key: string, addresses: readonly string[]): Promise<void> {
  const wanted = [...addresses].sort().join();
  await until(
    async () => (await values(endpoint, key).catch(() => [])).join() === wanted,
    `${key} lists ${wanted}`,
    60_000,
  );
}

/** What this process has logged at warn and above, from now on. */
export function loggedWarnings(): readonly string[] {
  const lines: string[] = [];
  const note = (_facts: object, message: string) => lines.push(message);
  setLogger({ debug: () => {}, info: () => {}, warn: note, error: note }, "warn");
  return lines;
}

/** Measures from now on, in milliseconds. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => performance.now() - began;
}

/** Lets `await using` stop it. */
export async function disposable<T extends { stop(): Promise<void> }>(
  starting: Promise<T>,
): Promise<T & AsyncDisposable> {
  const started = await starting;
  return Object.assign(started, { [Symbol.asyncDispose]: () => started.stop() });
}
