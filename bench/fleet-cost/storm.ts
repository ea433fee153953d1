import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { until } from "../../test/support/until.js";
import { type Asked, pause, requests } from "./etcd-cost.js";
import type { Fleet } from "./fleet.js";

const LIMIT_MS = 300_000;
/** After everybody is back, to see whether the requests go on. */
const AFTERMATH_MS = 3_000;
const SAMPLE_MS = 250;

/** What a disturbance of etcd sets off. */
export interface Storm {
  /** How long etcd did not answer, in seconds. */
  readonly awayS: number;
  /** From when etcd answered again until everybody was connected, watched and was listed, in seconds. */
  readonly backS: number;
  /** Requests in the busiest second, and in all. */
  readonly most: number;
  readonly requests: number;
  readonly logIns: number;
  /** Leases taken anew: etcd had lost theirs. */
  readonly leases: number;
}

/** Disturbs etcd and sees everybody come back. `disturb` resolves when etcd answers again. */
export async function storm(etcds: readonly Asked[], fleet: Fleet, disturb: () => Promise<unknown>): Promise<Storm> {
  const [all, logIns, leases] = await Promise.all([
    Count.of(etcds),
    Count.of(etcds, "Authenticate"),
    Count.of(etcds, "LeaseGrant"),
  ]);
  const sampling = await Sampling.start(etcds);
  const began = performance.now();
  await disturb();
  const up = performance.now();
  await until(() => fleet.isBack, "everybody is back", LIMIT_MS);
  let backMs = performance.now() - up;
  // Who does not know yet that its lease is lost does not count as back.
  for (;;) {
    const asked = performance.now() - up;
    if ((await fleet.listed()) === fleet.servers.count && fleet.isBack) break;
    backMs = asked;
    if (asked > LIMIT_MS) throw new Error(`after ${LIMIT_MS} ms etcd does not list all of the fleet`);
    await pause(SAMPLE_MS);
  }
  await pause(AFTERMATH_MS);
  const most = await sampling.stop();
  return {
    awayS: (up - began) / 1_000,
    backS: backMs / 1_000,
    most,
    requests: await all.since(),
    logIns: await logIns.since(),
    leases: await leases.since(),
  };
}

/** Requests from a moment on, of all members that can be asked; one that was restarted begins at 0. */
class Count {
  readonly #etcds: readonly Asked[];
  readonly #method: string | undefined;
  readonly #before = new Map<number, number>();
  readonly #last = new Map<number, number>();

  static async of(etcds: readonly Asked[], method?: string): Promise<Count> {
    const count = new Count(etcds, method);
    for (const etcd of etcds) count.#before.set(etcd.pid, await requests(etcd, method));
    return count;
  }

  private constructor(etcds: readonly Asked[], method: string | undefined) {
    this.#etcds = etcds;
    this.#method = method;
  }

  async since(): Promise<number> {
    for (const etcd of this.#etcds) {
      const now = await requests(etcd, this.#method);
      if (!Number.isNaN(now)) this.#last.set(etcd.pid, now - (this.#before.get(etcd.pid) ?? 0));
    }
    return [...this.#last.values()].reduce((sum, one) => sum + one, 0);
  }
}

/** The most requests in any second, as a process beside this one counts them. */
class Sampling {
  readonly #child: ChildProcess;

  static async start(etcds: readonly Asked[]): Promise<Sampling> {
    const urls = etcds.map(({ metricsUrl }) => metricsUrl);
    const program = new URL("./sampling-program.ts", import.meta.url);
    const child = fork(program, urls, { execArgv: ["--import", "tsx"] });
    await once(child, "message");
    return new Sampling(child);
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  async stop(): Promise<number> {
    const most = new Promise<number>((resolve) => {
      this.#child.on("message", (told) => typeof told === "number" && resolve(told));
    });
    this.#child.send("stop");
    return most;
  }
}
