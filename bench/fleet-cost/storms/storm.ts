import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Etcd } from "../../../test/support/real-parts/etcd.js";
import { until } from "../../../test/support/until.js";
import { requests } from "../etcd-cost.js";
import type { Fleet } from "../fleet.js";

const LIMIT_MS = 300_000;
/** After everybody is back, to see whether the requests go on. */
const AFTERMATH_MS = 3_000;
const ASK_EVERY_MS = 250;

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

/** Disturbs etcd and sees everybody come back to these members of it. `disturb` resolves when etcd answers again. */
export async function storm(etcds: readonly Etcd[], fleet: Fleet, disturb: () => Promise<unknown>): Promise<Storm> {
  const [all, logIns, leases] = await Promise.all([
    counting(etcds),
    counting(etcds, "Authenticate"),
    counting(etcds, "LeaseGrant"),
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
    if ((await fleet.listedBy(etcds[0]!)) === fleet.servers.count && fleet.isBack) break;
    backMs = asked;
    if (asked > LIMIT_MS) throw new Error(`after ${LIMIT_MS} ms etcd does not list all of the fleet`);
    await pause(ASK_EVERY_MS);
  }
  await pause(AFTERMATH_MS);
  const most = await sampling.stop();
  return {
    awayS: (up - began) / 1_000,
    backS: backMs / 1_000,
    most,
    requests: await all(),
    logIns: await logIns(),
    leases: await leases(),
  };
}

/** Counts requests from now on: @returns what says how many there have been. One that was restarted begins at 0. */
async function counting(etcds: readonly Etcd[], method?: string): Promise<() => Promise<number>> {
  const before = new Map<number, number>();
  for (const { pid, metricsUrl } of etcds) before.set(pid, await requests(metricsUrl, method));
  return async () => {
    let count = 0;
    for (const { pid, metricsUrl } of etcds) count += (await requests(metricsUrl, method)) - (before.get(pid) ?? 0);
    return count;
  };
}

/** The most requests in any second, as a process beside this one counts them. */
class Sampling {
  readonly #child: ChildProcess;

  static async start(etcds: readonly Etcd[]): Promise<Sampling> {
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
