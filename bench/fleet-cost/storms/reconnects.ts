import { setTimeout as pause } from "node:timers/promises";
import { hold } from "../../../src/async/hold.js";
import { Connection } from "../../../src/etcd-client/connection.js";
import type { Session } from "../../../src/etcd-client/session.js";
import { until } from "../../../test/support/until.js";

/** Sessions that lived this long are good ones, in milliseconds: for those lost sooner there is a backoff. */
const GOOD_MS = 10_500;

/** How many of a fleet's connections come back in the busiest tenth of a second, and in the busiest second. */
export interface Arrivals {
  readonly awayS: number;
  readonly inTenth: number;
  readonly inSecond: number;
  readonly allS: number;
}

/**
 * How the waits of the real connections spread a fleet, without a network: all are lost at once, dialling fails at once while etcd is away,
 * and succeeds at once when it is back. 0 seconds away: a member has died, and the others answer.
 */
export async function arrivals(connections: number, awayS: number): Promise<Arrivals> {
  const release = hold();
  let away = false;
  const times: number[] = [];
  const sessions: Standing[] = [];
  const all = Array.from({ length: connections }, (_, i) => {
    return new Connection({ hosts: [`127.0.0.1:${1_024 + (i % 60_000)}`] }, async (host) => {
      if (away) throw new Error(`${host} refuses connections`);
      times.push(performance.now());
      const session = new Standing(host);
      sessions.push(session);
      return session as unknown as Session;
    });
  });
  await Promise.all(all.map((one) => one.session()));
  await pause(GOOD_MS);
  const lost = sessions.splice(0);
  times.splice(0);
  away = awayS > 0;
  for (const session of lost) session.drop(new Error("etcd has gone"));
  await pause(awayS * 1_000);
  away = false;
  const back = performance.now();
  await until(() => all.every(({ state }) => state.at === "connected"), "all are connected again");
  for (const one of all) one.close();
  release();
  const after = times.map((at) => at - back).sort((a, b) => a - b);
  return { awayS, inTenth: busiest(after, 100), inSecond: busiest(after, 1_000), allS: after.at(-1)! / 1_000 };
}

/** @param times ascending. @returns most of them in any window of so many milliseconds. */
function busiest(times: readonly number[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (let to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! > windowMs) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** A session as far as a connection needs one. */
class Standing {
  readonly host: string;
  readonly ended: Promise<Error>;
  drop!: (reason: Error) => void;

  constructor(host: string) {
    this.host = host;
    this.ended = new Promise((resolve) => {
      this.drop = resolve;
    });
  }
}
